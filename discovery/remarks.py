"""What a trace or a span has to say, in words for a learner."""

from __future__ import annotations

from collections.abc import Iterator

from discovery.trace import Span, Trace


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


def notes(span: Span) -> list[str]:
    """What a red span says: its exceptions, else its other events, else its status, else the HTTP status it had."""
    notes = []
    for event in span.events:
        kind, message = event.attributes.get("exception.type", ""), event.attributes.get("exception.message", "")
        notes.append(": ".join(str(part) for part in (kind, message) if part) or event.name)
    if not notes and span.message:
        notes.append(span.message)
    status = span.attributes.get("http.response.status_code", span.attributes.get("http.status_code"))
    if not notes and status is not None:
        notes.append(f"HTTP {status}")
    return notes
