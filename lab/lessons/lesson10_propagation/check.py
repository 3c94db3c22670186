"""Orders, and whether each is one trace with all four services in it."""

from __future__ import annotations

import time

from discovery.trace import Kind, Trace
from lab.learn.here import Checked, Here

_ORDERS = 3


def check(here: Here) -> Checked:
    """Order a few times, and look at all the traces."""
    with here.shop() as customer:
        answers = [customer.buy() for _ in range(_ORDERS)]
        time.sleep(0.5)
        traces = customer.traces()
    wrong = next((answer.status for answer in answers if answer.status != 201), None)
    if wrong:
        return Checked((here.say(False, "orders", status=wrong),))
    whole = [traces[answer.trace_id] for answer in answers]
    names = sorted({span.name for trace in whole for span in trace.spans if _serves(trace, span.span_id, "payment")})
    alone = [trace for trace in traces.values() if trace.root.service == "inventory"]
    joined = all("inventory" in trace.services for trace in whole) and not alone
    missing = sum(len(trace.missing) for trace in traces.values())
    return Checked(
        (
            here.say(True, "orders", count=_ORDERS),
            here.say(bool(names), "payment", names=", ".join(names)),
            here.say(joined, "joined", count=len(alone)),
            here.say(not missing, "whole", count=missing),
        ),
        whole[-1],
    )


def solve(_here: Here) -> dict[str, str]:
    """Nothing is asked."""
    return {}


def _serves(trace: Trace, span_id: str, service: str) -> bool:
    span = trace.index[span_id]
    return span.service == service and span.kind is Kind.SERVER
