"""The signature of each fault that rides on a request: what its traces show, and no other's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from discovery.trace import Kind, Span, Trace
from tests.faults.seen import (
    above,
    below,
    calls,
    deepest_red,
    gap,
    one_after_the_other,
    seconds,
    servers,
    siblings,
    statements,
    text,
    wait,
)

ORDERS = ("POST /orders",)
READING = ("GET /orders/{id}",)
BOTH = ("POST /orders", "GET /orders/{id}")
PRODUCTS = ("GET /products",)

Shows = Callable[[Trace], bool]


@dataclass(frozen=True, slots=True)
class Signature:
    """`shows` is true of every affected trace, and false of all others.

    `infects` is true of some innocent trace of the same run, where the fault is contagious. `orphan` is true of some
    trace that no request began. `entry` names the services that may begin one.
    """

    fault: str
    routes: tuple[str, ...]
    shows: Shows
    infects: Shows | None = None
    orphan: Shows | None = None
    entry: tuple[str, ...] = ()
    requests: int = 24
    percent: float = 35


def late_start(service: str, least: float) -> Shows:
    """Latency: nothing happens at first in the service's server span."""
    return lambda trace: any(gap(trace, span) >= least for span in servers(trace, service))


def refused(service: str) -> Shows:
    """Error: the service's server span is the deepest red one, and has no child."""

    def shows(trace: Trace) -> bool:
        return any(s.service == service and s.kind is Kind.SERVER and not below(trace, s) for s in deepest_red(trace))

    return shows


def slow_statement(service: str, least: float) -> Shows:
    """Slow query: one long statement that reads the same table twice."""
    return lambda trace: any(
        text(span).count("journal") >= 2 and seconds(span) >= least for span in statements(trace, service)
    )


def staircase(service: str, steps: int) -> Shows:
    """N+1: the same statement again and again below one span, one after the other."""

    def shows(trace: Trace) -> bool:
        for _, children in siblings(trace):
            same: dict[str, list[Span]] = {}
            for span in children:
                if span.service == service and text(span):
                    same.setdefault(text(span), []).append(span)
            if any(len(spans) >= steps and one_after_the_other(spans) for spans in same.values()):
                return True
        return False

    return shows


def long_call(service: str, least: float) -> Shows:
    """Slow dependency: a long outgoing call without a server span below it."""
    return lambda trace: any(seconds(span) >= least and not below(trace, span) for span in calls(trace, service))


def serial(service: str) -> Shows:
    """Serial fan-out: several calls below one span, none beside another."""

    def shows(trace: Trace) -> bool:
        spans = calls(trace, service)
        return len(spans) > 1 and one_after_the_other(spans)

    return shows


def bug(service: str) -> Shows:
    """Exception: the deepest red span is a statement of the service, and its server span a 500."""

    def is_500(span: Span | None) -> bool:
        return span is not None and span.error and str(span.attributes.get("http.response.status_code")) == "500"

    def shows(trace: Trace) -> bool:
        red = [span for span in deepest_red(trace) if span.service == service and text(span)]
        return any(is_500(above(trace, span)) for span in red)

    return shows


def gave_up(service: str) -> Shows:
    """Timeout mismatch: a red client span ends before its green child."""
    return lambda trace: any(
        span.error and any(not child.error and child.end > span.end for child in below(trace, span))
        for span in calls(trace, service)
    )


def stormy(service: str, attempts: int) -> Shows:
    """Retry storm: like siblings, all red but the last."""

    def shows(trace: Trace) -> bool:
        for span in servers(trace, service):
            same = [child for child in below(trace, span) if child in calls(trace, service, below_path(service))]
            if len(same) == attempts and [child.error for child in same] == [True] * (attempts - 1) + [False]:
                return True
        return False

    return shows


def below_path(service: str) -> str:
    """What a service asks first of the one below it."""
    return {"order": "/payments", "payment": "/authorisations"}[service]


def cut_off(caller: str) -> Shows:
    """Breaker open: the caller's server span is red and asked nobody, and an event says why."""

    def shows(trace: Trace) -> bool:
        return any(
            span.error
            and not any(child.error for child in below(trace, span))
            and any("circuit breaker" in event.name for event in span.events)
            for span in servers(trace, caller)
        )

    return shows


def outage(service: str) -> Shows:
    """Breaker open, all of it: the service fails, then order cuts it off, and at last the gateway order."""
    parts = (refused(service), cut_off("order"), cut_off("gateway"))
    return lambda trace: any(shows(trace) for shows in parts)


def childless(caller: str, path: str) -> Shows:
    """Broken propagation: a green call without a server span below it."""
    return lambda trace: any(not span.error and not below(trace, span) for span in calls(trace, caller, path))


def orphaned(service: str) -> Shows:
    """Its other half: a trace that begins with a server span of the service."""
    return lambda trace: trace.root.service == service and trace.root.kind is Kind.SERVER


def waited(service: str, what: str, least: float) -> Shows:
    """A wait inside the service's own process."""
    return lambda trace: any(wait(span, what) >= least for span in servers(trace, service))


CORE: Sequence[Signature] = (
    Signature("payment.latency:500ms", BOTH, late_start("payment", 0.5)),
    Signature("gateway.latency:500ms", BOTH, late_start("gateway", 0.5)),
    Signature("order.error:500", BOTH, refused("order")),
    Signature("inventory.error", ORDERS, refused("inventory")),
    Signature("order.slow-query:200", BOTH, slow_statement("order", 0.1)),
    Signature("payment.slow-query:200", BOTH, slow_statement("payment", 0.1)),
    Signature("inventory.slow-query:200", ORDERS, slow_statement("inventory", 0.1)),
    Signature("order.n-plus-one:20", BOTH, staircase("order", 20)),
    Signature("payment.n-plus-one:15", BOTH, staircase("payment", 15)),
    Signature("inventory.n-plus-one:15", ORDERS, staircase("inventory", 15)),
    Signature("payment.slow-dependency:700ms", ORDERS, long_call("payment", 0.7)),
    Signature("gateway.serial-fan-out", READING, serial("gateway")),
    Signature("order.exception", BOTH, bug("order")),
    Signature("payment.exception", READING, bug("payment")),
    Signature("inventory.exception", ORDERS, bug("inventory")),
    Signature("order.timeout-mismatch:400ms", ORDERS, gave_up("order"), requests=16),
    Signature("gateway.timeout-mismatch:400ms", ORDERS, gave_up("gateway"), requests=16),
    Signature("order.retry-storm:3", ORDERS, stormy("order", 3), requests=16),
    Signature("payment.retry-storm:4", ORDERS, stormy("payment", 4), requests=16),
    Signature("gateway.broken-propagation", BOTH, childless("gateway", ""), None, orphaned("order"), ("order",)),
    Signature("order.broken-propagation", ORDERS, childless("order", ""), None, orphaned("payment"), ("payment",)),
    Signature(
        "inventory.breaker-open:3s",
        ORDERS,
        outage("inventory"),
        cut_off("order"),
        requests=50,
        percent=15,
    ),
    Signature(
        "payment.breaker-open:3s",
        ORDERS,
        outage("payment"),
        cut_off("order"),
        requests=50,
        percent=15,
    ),
    Signature("order.blocked-loop:800ms", BOTH, waited("order", "loop", 0.4), waited("order", "loop", 0.4), percent=8),
    Signature(
        "gateway.blocked-loop:800ms",
        PRODUCTS,
        waited("gateway", "loop", 0.4),
        waited("gateway", "loop", 0.4),
        percent=8,
    ),
)
