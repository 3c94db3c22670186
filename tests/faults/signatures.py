"""The signatures of the faults that ride on requests: what their traces show, and no other's."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from discovery.trace import Kind, Span, Trace
from tests.faults.seen import (
    above,
    below,
    calls,
    deepest_red,
    gap,
    named,
    one_after_the_other,
    seconds,
    servers,
    siblings,
    statements,
    status,
    text,
    wait,
)

Shows = Callable[[Trace], bool]


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


def idle_in_transaction(service: str, least: float) -> Shows:
    """Lock contention, the holder: between two database spans of one server span nothing happens for so long."""

    def shows(trace: Trace) -> bool:
        return any(
            other.start - one.end >= least * 1e6
            for span in servers(trace, service)
            for one, other in pairwise([child for child in below(trace, span) if text(child)])
        )

    return shows


def queued_for_lock(service: str, statement: str, least: float) -> Shows:
    """Lock contention, the others: a long wait in the statement that takes the lock."""
    return lambda trace: any(statement in text(span) and seconds(span) >= least for span in statements(trace, service))


def starved_of_connections(service: str, least: float) -> Shows:
    """Pool exhaustion: a `pool.wait` span as long as the server span says that it waited."""
    attribute = waited(service, "pool", least)

    def shows(trace: Trace) -> bool:
        waits = [span for span in trace.spans if span.service == service and span.name == "pool.wait"]
        return attribute(trace) and any(seconds(span) >= least for span in waits)

    return shows


def huge(service: str, least: int) -> Shows:
    """Large payload: the answer's size, and a gap in the caller after its client span."""

    def shows(trace: Trace) -> bool:
        large = [s for s in servers(trace, service) if int(s.attributes.get("http.response.body.size", 0)) >= least]
        return any((call := above(trace, span)) is not None and _pause(trace, call) >= 0.005 for span in large)

    return shows


def _pause(trace: Trace, call: Span) -> float:
    """Seconds from a call's end to its caller's next span, or to the caller's end."""
    parent = above(trace, call)
    if parent is None:
        return 0.0
    later = [span.start for span in below(trace, parent) if span.start >= call.end]
    return (min(later, default=parent.end) - call.end) / 1e6


def uncaptured(trace: Trace) -> bool:
    """Swallowed error: all green, confirmed, and never captured."""
    return trace.errors == 0 and not named(trace, "payment", "/capture") and status(trace) == "201"


def charged_twice(trace: Trace) -> bool:
    """Double charge: all green, two authorisations, each with its INSERT, and two captures."""
    inserts = [span for span in statements(trace, "payment") if text(span).startswith("INSERT INTO payments")]
    return trace.errors == 0 and len(inserts) == 2 and len(named(trace, "payment", "/capture")) == 2


def taken_back(trace: Trace) -> bool:
    """Partial failure: the capture is red, and after it void and release are green."""
    captures = named(trace, "payment", "/capture")
    undone = named(trace, "payment", "/void") + named(trace, "inventory", "/release")
    return (
        any(span.error for span in captures)
        and len(undone) == 2
        and all(not span.error and span.start > captures[0].end for span in undone)
    )


def nobody_there(caller: str, attempts: int = 3) -> Shows:
    """Service down: red calls in a row, none with a server span below it."""
    return lambda trace: (
        len([span for span in calls(trace, caller) if span.error and not below(trace, span)]) >= attempts
    )


def turned_down(trace: Trace) -> bool:
    """Declined: nothing is red, and it ends after the authorisation."""
    return trace.errors == 0 and status(trace) == "402" and "inventory" not in trace.services


def outlives(service: str, least: float) -> Shows:
    """Work after the response: a database span that begins so long after its parent has ended."""

    def shows(trace: Trace) -> bool:
        parents = [(span, above(trace, span)) for span in statements(trace, service)]
        return any(parent is not None and span.start - parent.end >= least * 1e6 for span, parent in parents)

    return shows
