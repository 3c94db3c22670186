"""Makes spans for tests in one line each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from discovery import document
from discovery.trace import Kind, Span, Trace, assemble

FIXTURES = Path(__file__).parent.parent / "fixtures"
RECORDED = sorted((FIXTURES / "zipkin").glob("*.json"))


def span(span_id: str, parent_id: str | None = None, start: int = 0, end: int = 100, **more: Any) -> Span:
    """Make a span of which only the place in the tree and in time matter, unless more is said."""
    facts = {"trace_id": "t", "service": "shop", "name": f"op {span_id}", "kind": Kind.INTERNAL} | more
    return Span(span_id=span_id, parent_id=parent_id, start=start, duration=end - start, **facts)


def trace(*spans: Span) -> Trace:
    """Make a trace of spans."""
    return assemble(spans)


def recorded(name: str) -> Trace:
    """Read one of the recorded Zipkin traces."""
    [found] = document.load(str(FIXTURES / "zipkin" / f"{name}.json"))
    return found


def tree(trace: Trace) -> list[tuple[Any, ...]]:
    """Make what is equal for equal traces, whichever backend kept them.

    Zipkin lowers names; the ids of a shared span's halves are of our making.
    """
    index = {each.span_id: each for each in trace.spans}

    def known(each: Span) -> tuple[Any, ...]:
        return each.service.casefold(), each.name.casefold(), str(each.kind), each.start, each.duration, each.error

    def above(each: Span) -> Any:
        return known(index[each.parent_id]) if each.parent_id in index else each.parent_id

    return sorted(((*known(each), above(each)) for each in trace.spans), key=repr)
