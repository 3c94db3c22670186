"""An order while inventory fails, and one while the card issuer is slow: how often each service was asked, how long."""

from __future__ import annotations

import time

from discovery.trace import Kind, Span, Trace
from lab.learn.here import Checked, Here

_SLOW = "payment.slow-dependency:2s"
_MARGIN = 20_000  # microseconds by which a child may end late


def check(here: Here) -> Checked:
    """Order twice, and look at the traces."""
    with here.shop() as customer:
        slow = customer.buy(fault=_SLOW)
        failing = customer.buy(fault="inventory.error:503")
        time.sleep(1.5)  # what nobody waits for any more goes on
        traces = customer.traces()
    storm, waited = traces[failing.trace_id], traces[slow.trace_id]
    asked = [span for span in storm.spans if span.service == "inventory" and span.name == "POST /reservations"]
    outlived = _outlived(waited)
    remarks = (
        here.say(len(asked) == 1, "storm", count=len(asked)),
        here.say(slow.status == 201, "waits", status=slow.status, seconds=slow.seconds),
        here.say(not outlived, "outlived", count=len(outlived)),
    )
    if outlived and len(asked) == 1:
        return Checked(remarks, waited, frozenset(span.span_id for span in outlived))
    return Checked(remarks, storm, frozenset(span.span_id for span in asked))


def solve(_here: Here) -> dict[str, str]:
    """Nothing is asked."""
    return {}


def _outlived(trace: Trace) -> list[Span]:
    """Server spans that end after their callers."""
    found = []
    for span in trace.spans:
        caller = trace.span(span.parent_id)
        if caller and caller.kind is Kind.CLIENT and span.kind is Kind.SERVER:
            late = span.start + span.duration - caller.start - caller.duration
            found += [span] if late > _MARGIN else []
    return found
