"""report.html: a run as one page that needs nothing else, each request a dot that opens its trace.

plotly.js draws it, out of the plotly package and into the page. Everything that came from outside is escaped; the
page's own policy keeps it from loading anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from load import histogram, link, wording
from load.figures import Figures, Part, Tally
from load.result import Outcome, Request, failed, percentile, slowest
from load.review import Review
from load.wording import TIMES

_TEMPLATE = Path(__file__).with_name("page.html")
_MOST = 20_000  # dots, but for errors: all of those are drawn
_SLOWEST = 2_000  # of them are the slowest
_STEPS = 20  # points of a percentile curve for each power of ten
_COUNTS = {"sent": "sent", "error": "err", "expected": "exp", "dropped": "drop", "unfinished": "unfin"}


def text(review: Review) -> str:
    """Write the page of a run."""
    from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]  # noqa: PLC0415  5 MB, wanted only here

    start = review.figures.whole.start
    dots, said = _thinned(review.result.requests)
    values = {
        "run": escape(review.result.run),
        "state": _state(review),
        "about": escape(f"{start:%Y-%m-%d %H:%M:%S} UTC, {review.result.target}, seed {review.result.plan.seed}"),
        "said": escape(said),
        "thresholds": "".join(_thresholds(review)),
        "phases": "".join(_phases(review.figures)),
        "legend": escape(wording.LEGEND),
        "remarks": "".join(f"<p>{escape(remark)}</p>" for remark in wording.remarks(review)),
        "injected": "".join(_injected(review)),
        "data": json.dumps(_data(review, dots), separators=(",", ":")).replace("<", "\\u003c"),
        "plotly": get_plotlyjs(),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], _TEMPLATE.read_text(encoding="utf-8"))


def _thinned(requests: Iterable[Request]) -> tuple[list[Request], str]:
    """Choose the requests to draw, and say which: all errors, the slowest, and the others evenly thinned."""
    requests = list(requests)
    timed = [request for request in requests if request.latency is not None]
    good = [request for request in timed if request.outcome is not Outcome.ERROR]
    untimed = len(requests) - len(timed)
    without = f" {untimed:,} without an end are not drawn." if untimed else ""
    if len(good) <= _MOST:
        return timed, f"{len(timed):,} dots, one for each request.{without}"
    ranked = sorted(good, key=lambda request: -(request.latency or 0))
    step = -(-(len(good) - _SLOWEST) // (_MOST - _SLOWEST))
    rest = sorted(ranked[_SLOWEST:], key=lambda request: request.arrival.sequence)
    kept = [*ranked[:_SLOWEST], *rest[::step], *(each for each in timed if each.outcome is Outcome.ERROR)]
    errors = len(timed) - len(good)
    return kept, (
        f"{len(kept):,} dots for {len(timed):,} requests: all {errors:,} errors, the {_SLOWEST:,} slowest, "
        f"one in {step} of the others.{without}"
    )


def _data(review: Review, dots: list[Request]) -> dict[str, Any]:
    """Give what the page's script draws: times in seconds from the start and in milliseconds."""
    start = review.figures.whole.start
    names = sorted({request.error for request in dots if request.error})
    routes = sorted({request.arrival.route for request in dots})
    return {
        "link": _address("{trace_id}"),
        "routes": routes,
        "errors": [wording.error(name) for name in names],
        "phases": [
            {"name": phase.name, "start": (part.start - start).total_seconds(), "curves": _curves(part.total)}
            for phase, part in review.figures.phases
        ],
        "dots": [
            [
                request.arrival.phase,
                round(request.arrival.at / 1e6, 3),
                round(request.latency or 0, 2),
                routes.index(request.arrival.route),
                names.index(request.error) if request.error else -1,
                request.trace_id or "",
            ]
            for request in dots
        ],
    }


def _curves(tally: Tally) -> dict[str, list[float]]:
    """Give the percentiles p at evenly rising 1 / (1 - p), until the one that only the slowest request exceeds."""
    latency, service = histogram.of(tally.latency), histogram.of(tally.service)
    rising = [10 ** (step / _STEPS) for step in range(1, 200) if 10 ** (step / _STEPS) < latency.total]
    rising += [float(latency.total)] * bool(latency.total)
    percents = [100 - 100 / each for each in rising]
    return {
        "rising": rising,
        "latency": [latency.percentile(each) / 1e6 for each in percents],
        "service": [service.percentile(each) / 1e6 for each in percents],
    }


def _state(review: Review) -> str:
    passed = sum(judgement.passed for judgement in review.judgements)
    words = ["valid" if review.result.valid else "INVALID"]
    if review.judgements:
        words.append(f"{passed} of {len(review.judgements)} thresholds hold")
    return f"<b class={'good' if review.exit_code == 0 else 'bad'}>{escape(', '.join(words))}</b>"


def _thresholds(review: Review) -> Iterator[str]:
    if not review.judgements:
        return
    yield "<table class=thresholds><caption>Thresholds</caption>"
    for judgement in review.judgements:
        state, word = ("good", "ok") if judgement.passed else ("bad", "FAILED")
        cells = (judgement.threshold.expression, wording.measured(judgement), wording.scope(judgement))
        yield f"<tr><td class={state}>{word}" + "".join(f"<td>{escape(each)}" for each in cells)
    yield "</table>"


def _phases(figures: Figures) -> Iterator[str]:
    """Write a table for each phase, with the counts that are not 0 throughout."""
    counts = [each for each in _COUNTS if each in ("sent", "error") or figures.whole.total.counts[each]]
    head = "".join(f"<th>{name}" for name in (*(_COUNTS[each] for each in counts), *TIMES))
    for phase, part in figures.phases:
        yield f"<table><caption>{escape(phase.name)} <small>{escape(wording.pace(phase))}</small></caption>"
        yield f"<tr><th>{head}"
        yield from (_row(route, tally, counts) for route, tally in part.routes.items())
        yield f"{_row('all', part.total, counts)}</table>{''.join(_errors(part))}"


def _row(name: str, tally: Tally, counts: list[str]) -> str:
    links = {"error": failed(tally.requests), "max": slowest(tally.requests)}
    cells = {each: str(tally.counts[each]) for each in counts}
    cells |= {each: wording.milliseconds(percentile(tally.latency, percent)) for each, percent in TIMES.items()}
    return f"<tr><td>{escape(name)}" + "".join(
        f"<td>{_linked(text, links.get(each, []))}" for each, text in cells.items()
    )


def _errors(part: Part) -> Iterator[str]:
    for error, route, requests in wording.error_classes(part.total):
        yield f"<p>{_linked(f'{len(requests)} x {error}, {route}', failed(requests))}</p>"


def _injected(review: Review) -> Iterator[str]:
    yield f"<p>Scenario {escape(review.scenario)}</p>"
    for phase in review.result.plan.phases:
        yield f"<p>{escape(phase.name)}: {escape(wording.injected(phase) or 'nothing')}</p>"


def _linked(text: str, requests: list[Request]) -> str:
    """Make a text lead to the first of these requests' traces, if there is one."""
    address = _address(requests[0].trace_id or "") if requests else ""
    return f"<a href='{escape(address)}' target=_blank rel=noopener>{escape(text)}</a>" if address else escape(text)


def _address(trace_id: str) -> str:
    """Give the link to a trace; none where it would lead to something else than a page."""
    address = link.link(trace_id)
    return address if urlsplit(address).scheme in ("http", "https") else ""
