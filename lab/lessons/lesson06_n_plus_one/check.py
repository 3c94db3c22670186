"""An order of many products and its reading: one question for all of them, and two calls side by side."""

from __future__ import annotations

import time

from discovery.trace import Kind, Span, Trace
from lab.learn.here import Checked, Here

_MOST = 2  # a SELECT for all products, and one that somebody may need besides
_TOGETHER = 0.2  # of the shorter call
_READS = 4  # of which the best counts: on a busy machine one may wait


def check(here: Here) -> Checked:
    """Order, read, and look at the traces."""
    with here.shop() as customer:
        skus = customer.skus()
        bought = customer.buy(skus)
        if bought.status != 201:
            return Checked((here.say(False, "order", items=len(skus), status=bought.status),))
        read = [customer.read(bought.body["id"]) for _ in range(_READS)]
        time.sleep(0.5)
        traces = customer.traces()
    order, readings = traces[bought.trace_id], [traces[answer.trace_id] for answer in read]
    selects = _selects(order)
    together = max(map(_together, readings))
    return Checked(
        (
            here.say(True, "order", items=len(skus)),
            here.say(0 < len(selects) <= _MOST, "stairs", count=len(selects), items=len(skus)),
            *([here.say("order by" in _text(selects[0]), "locked")] if 0 < len(selects) <= _MOST else []),
            here.say(together >= _TOGETHER, "side", together=together),
        ),
        order,
        frozenset(span.span_id for span in selects),
    )


def solve(_here: Here) -> dict[str, str]:
    """Nothing is asked."""
    return {}


def _selects(trace: Trace) -> list[Span]:
    """Inventory's reads of the stock."""
    found = [span for span in trace.spans if span.service == "inventory" and span.name.startswith("SELECT")]
    return [span for span in found if "from stock" in _text(span)]


def _text(span: Span) -> str:
    said = span.attributes.get("db.query.text") or span.attributes.get("db.statement") or ""
    return " ".join(str(said).casefold().split())


def _together(trace: Trace) -> float:
    """The share of the shorter of the gateway's two calls in which both were under way."""
    calls = [span for span in trace.spans if span.service == "gateway" and span.kind is Kind.CLIENT]
    if len(calls) != 2:
        return 0.0
    one, other = calls
    shared = min(one.start + one.duration, other.start + other.duration) - max(one.start, other.start)
    return max(0.0, shared / (min(one.duration, other.duration) or 1))
