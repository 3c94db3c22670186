"""What can be read off a waterfall: who calls whom in which order, and how long each part takes."""

from __future__ import annotations

from discovery.trace import Kind, Span, Trace
from lab.learn import newest
from lab.learn.here import Checked, Here

_CLOSE = 0.05  # how far from the duration an answer may be


def check(here: Here) -> Checked:
    """Read the trace that was named, and compare."""
    trace, trouble = here.trace("trace")
    if trace is None:
        return Checked((trouble,) if trouble else ())
    made, total = calls(trace), _total(trace)
    if not made:
        return Checked((here.say(False, "kind", trace=trace.trace_id),), trace)
    said = {key: here.answers.get(key, "") for key in ("calls", "total", "longest")}
    names = [name.strip().casefold() for name in said["calls"].split(",")]
    return Checked(
        (
            here.say(True, "kind", trace=trace.trace_id),
            here.judge("calls", names == [name for name, _ in made]),
            here.judge("total", abs(_number(said["total"]) - total) <= _CLOSE * total),
            here.judge("longest", said["longest"] == _longest(made)),
        ),
        trace,
        frozenset(span.span_id for _, span in made),
    )


def solve(here: Here) -> dict[str, str]:
    """Read the newest order."""
    trace = newest.order(here)
    made = calls(trace)
    named = ", ".join(name for name, _ in made)
    return {"trace": trace.trace_id, "calls": named, "total": f"{_total(trace):.1f}", "longest": _longest(made)}


def calls(trace: Trace) -> list[tuple[str, Span]]:
    """Give order's client spans by their start, each with the service that answered."""
    asking = [span for span in trace.spans if span.service == "order" and span.kind is Kind.CLIENT]
    answered = [(below[0].service, span) for span in asking if (below := trace.children.get(span.span_id))]
    return sorted(answered, key=lambda each: each[1].start)


def _longest(made: list[tuple[str, Span]]) -> str:
    return str(max(range(len(made)), key=lambda number: made[number][1].duration) + 1)


def _total(trace: Trace) -> float:
    """Milliseconds of the gateway's server span."""
    spans = (span for span in trace.spans if span.service == "gateway" and span.kind is Kind.SERVER)
    return next(span.duration for span in spans) / 1000


def _number(text: str) -> float:
    try:
        return float(text.casefold().removesuffix("ms").strip())
    except ValueError:
        return -1.0
