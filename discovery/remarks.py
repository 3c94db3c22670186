"""What is missing or odd about a trace, in words for a learner."""

from __future__ import annotations

from collections.abc import Iterator

from discovery.trace import Trace


def remarks(trace: Trace) -> Iterator[str]:
    """Say what a reader of the trace has to know: spans that never came, several beginnings, clocks that disagree."""
    if len(trace.missing) == 1:
        yield f"A parent never arrived ({trace.missing[0]}): its children stand as roots."
    elif trace.missing:
        yield f"{len(trace.missing)} parents never arrived: their children stand as roots."
    parentless = sum(root.parent_id is None for root in trace.roots)
    if parentless == 0:
        yield "The first span of this trace is among what never arrived."
    elif parentless > 1:
        yield f"{parentless} spans claim to be the first; the critical path is that of the earliest."
    early = sum(child.start < span.start for span in trace.spans for child in trace.children[span.span_id])
    if early:
        spans = "span" if early == 1 else "spans"
        yield f"{early} {spans} began before the parent did: clocks or start times disagree."
