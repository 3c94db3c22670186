"""What the terminal's report and the page say in the same words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from load.figures import Figures, Tally
from load.judgement import Judgement
from load.result import LATENESS_BOUND, Request, percentile
from load.review import Review
from load.scenario import Phase

LEGEND = "p50 to max: ms from the intended time. exp: expected, as 402, 404, 409."
TIMES = {"p50": 50, "p90": 90, "p99": 99, "max": 100}


def pace(phase: Phase) -> str:
    """Write a phase's rate: `10/s`, `10 to 80/s`, `10 to 80/s in 4 steps`."""
    if phase.ramp_to is None:
        return f"{phase.rate:g}/s"
    return f"{phase.rate:g} to {phase.ramp_to:g}/s" + (f" in {phase.steps} steps" if phase.steps else "")


def injected(phase: Phase) -> str:
    """Tell what went wrong on purpose: `payment.latency:400ms on 30%`; empty where nothing did."""
    done = [f"{phase.fault} on {phase.percent:g}%"] if phase.fault else []
    return ", ".join(done + ([f"{phase.sampled:g}% sampled"] if phase.sampled < 100 else []))


def milliseconds(value: float | None) -> str:
    """Write a time, to a tenth where that matters."""
    if value is None:
        return "-"
    return f"{value:.1f}" if value < 1_000 else f"{value:.0f}"


def error(name: str | None) -> str:
    """Name an error class."""
    return f"HTTP {name}" if name and name.isdecimal() else (name or "").replace("_", " ")


def error_classes(tally: Tally) -> list[tuple[str, str, list[Request]]]:
    """Give each kind of error, on which route, and the requests that had it, commonest first."""
    kinds = Counter((each.error, each.arrival.route) for each in tally.requests if each.error)
    return [
        (error(name), route, [each for each in tally.requests if (each.error, each.arrival.route) == (name, route)])
        for (name, route), _ in kinds.most_common()
    ]


def measured(judgement: Judgement) -> str:
    """Write what was measured, in the threshold's unit."""
    if judgement.measured is None:
        return "nothing"
    value, unit = judgement.measured, judgement.threshold.unit
    if unit == "ms" and value >= 1_000:
        value, unit = value / 1_000, "s"
    return f"{float(f'{value:.3g}'):g}{unit}"


def scope(judgement: Judgement) -> str:
    """Tell of which requests a threshold is."""
    return ", ".join(filter(None, (judgement.phase or "whole run", judgement.threshold.route)))


def remarks(review: Review) -> Iterator[str]:
    """Say what to keep in mind when reading the numbers."""
    result = review.result
    if result.interrupted:
        yield "Stopped early: the tables hold what was sent until then."
    if not result.traced:
        yield "Spans are not exported (OTEL_SDK_DISABLED or OTEL_TRACES_EXPORTER=none): there are no links."
    if result.unsampled:
        sent = review.figures.whole.total.counts["sent"]
        yield f"{result.unsampled} of {sent} requests were not sampled: no trace, no link."
    if result.spans.lost:
        yield f"{result.spans.lost} of the client's {result.spans.ended} spans were lost: no backend took them."
    late = f"{result.lateness:.1f} ms late at p99, {LATENESS_BOUND:.0f} allowed"
    if result.valid:
        yield f"The generator kept its schedule: {late}."
    else:
        yield f"INVALID: the generator itself was {late}; these times are its own. Lower --rate or free the processor."
        yield f"It was so late in: {', '.join(_late(review.figures)) or 'no single phase'}."


def _late(figures: Figures) -> Iterator[str]:
    for phase, part in figures.phases:
        if (percentile(part.total.late, 99) or 0) > LATENESS_BOUND:
            yield phase.name
