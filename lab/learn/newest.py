"""The newest traces of the shop that is up; where there is none of an order yet, one is placed."""

from __future__ import annotations

from discovery import client
from discovery.trace import Trace
from lab import orders
from lab.learn.here import Here


def order(here: Here) -> Trace:
    """An order's trace."""
    environment = here.environment()
    backend = client.probe(environment["TRACELAB_BACKEND"])
    found = [trace for trace in client.latest(backend, "gateway") if "payment" in trace.services and whole(trace)]
    if found:
        return max(found, key=lambda trace: trace.start)
    shop = environment["TRACELAB_TARGET"]
    return client.read(backend, orders.buy(shop, orders.a_product(shop)).trace_id)


def whole(trace: Trace) -> bool:
    """Whether it is that of an order which went through to its end."""
    return not trace.errors and {"gateway", "order", "payment", "inventory"} <= set(trace.services)
