"""An order of the learner's own, and how many services it went through."""

from __future__ import annotations

from discovery.trace import Trace
from lab.learn import newest
from lab.learn.here import Checked, Here
from lab.options import SERVICES

_ORDER = "POST /orders"


def check(here: Here) -> Checked:
    """Look at the trace that was named."""
    trace, trouble = here.trace("trace")
    if trace is None:
        return Checked((trouble,) if trouble else ())
    said = here.answers.get("services", "")
    through = [name for name in SERVICES if name in trace.services]
    return Checked(
        (
            here.say(_is_order(trace), "order", trace=trace.trace_id, name=trace.root.name),
            here.judge("services", said == str(len(through)), names=", ".join(through)),
        ),
        trace,
    )


def solve(here: Here) -> dict[str, str]:
    """The newest order, of whoever placed it."""
    trace = newest.order(here)
    return {"trace": trace.trace_id, "services": str(len([name for name in SERVICES if name in trace.services]))}


def _is_order(trace: Trace) -> bool:
    return any(span.name == _ORDER and span.service == "gateway" for span in trace.spans)
