"""What a trace proves, on traces small enough to read."""

from __future__ import annotations

from discovery.trace import Kind, Span, Trace, assemble
from lab import evidence


def span(name: str, parent: str | None, start: int, duration: int, *, error: bool = False) -> Span:
    """A span in milliseconds, whose name is SERVICE.OPERATION and its own id."""
    service, _, operation = name.partition(".")
    return Span(
        trace_id="1", span_id=name, parent_id=parent, service=service, name=operation, kind=Kind.SERVER,
        start=start * 1000, duration=duration * 1000, error=error,
    )  # fmt: skip


def trace(*spans: Span) -> Trace:
    """A trace of these spans."""
    return assemble(spans)


HEALTHY = [
    trace(span("a.GET", None, 0, 30), span("b.GET", "a.GET", 5, 10), span("c.GET", "a.GET", 15, 10)) for _ in range(3)
]


def test_the_service_whose_own_time_grew_is_named() -> None:
    """Time that a caller merely waits is not its own, however long it is."""
    slow = trace(span("a.GET", None, 0, 330), span("b.GET", "a.GET", 5, 310), span("c.GET", "a.GET", 315, 10))
    found = evidence.added_time(slow, HEALTHY)
    assert found is not None
    assert (found.service, found.operation, found.span_ids) == ("b", "GET", ("b.GET",))
    assert found.share == 1.0


def test_a_share_is_of_all_added_time() -> None:
    """Where two services grew, the larger one explains its part only."""
    slow = trace(span("a.GET", None, 0, 430), span("b.GET", "a.GET", 5, 310), span("c.GET", "a.GET", 315, 110))
    found = evidence.added_time(slow, HEALTHY)
    assert found is not None
    assert found.service == "b"
    assert found.share == 0.75


def test_nothing_is_named_where_nothing_grew() -> None:
    """A trace like the healthy ones accuses nobody."""
    assert evidence.added_time(HEALTHY[0], HEALTHY) is None
    assert evidence.error_origin(HEALTHY[0]) is None


def test_an_error_begins_where_nothing_below_is_red() -> None:
    """Red callers only passed it on, and are evidence of that."""
    failed = trace(
        span("a.GET", None, 0, 30, error=True),
        span("b.GET", "a.GET", 5, 20, error=True),
        span("c.GET", "b.GET", 6, 5),
        span("d.GET", "b.GET", 12, 5, error=True),
    )
    found = evidence.error_origin(failed)
    assert found is not None
    assert found.service == "d"
    assert found.span_ids == ("d.GET", "b.GET", "a.GET")
    assert found.share == 1.0
