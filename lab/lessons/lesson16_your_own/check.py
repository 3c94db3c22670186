"""An order and a declined one, and whether the learner's own service is in the trace of the first alone."""

from __future__ import annotations

import time

from discovery.trace import Kind, Span, Trace
from lab.learn import stage
from lab.learn.here import Checked, Here

_OWN = "delivery"


def check(here: Here) -> Checked:
    """Order twice, and look at the traces."""
    with here.shop() as customer:
        bought = customer.buy()
        declined = customer.buy(fault="payment.declined")
        time.sleep(0.5)
        traces = customer.traces()
    logs = stage.folder(here.lesson.number) / "check" / "logs"
    if bought.status != 201:
        return Checked((here.say(False, "order", status=bought.status, logs=logs),))
    trace = traces[bought.trace_id]
    everywhere = sorted({span.name for each in traces.values() for span in _served(each)})
    here_served = _served(trace)
    parent = trace.span(here_served[0].parent_id) if here_served else None
    called = bool(parent and parent.service == "order" and parent.kind is Kind.CLIENT)
    remarks = [
        here.say(True, "order"),
        here.say(bool(everywhere), "reports", names=", ".join(everywhere)),
        here.say(bool(here_served), "joined"),
    ]
    if here_served:
        told = f"{parent.service} {parent.name}" if parent else here.words("nobody")
        remarks.append(here.say(called, "caller", parent=told))
        remarks.append(here.say(not _served(traces[declined.trace_id]), "declined"))
    return Checked(tuple(remarks), trace, frozenset(span.span_id for span in here_served))


def solve(_here: Here) -> dict[str, str]:
    """Nothing is asked."""
    return {}


def _served(trace: Trace) -> list[Span]:
    return [span for span in trace.spans if span.service == _OWN and span.kind is Kind.SERVER]
