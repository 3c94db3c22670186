"""What a trace or a span has to say, in words for a learner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from discovery import skew
from discovery.completeness import Completeness, completeness
from discovery.trace import Span, Trace

# Microseconds by which clocks have to disagree for a word: on one busy machine a span may end late by less.
_REMARKABLE = 5_000


def remarks(trace: Trace) -> Iterator[str]:
    """Say what a reader of the trace has to know: spans that never came, several beginnings, clocks that disagree."""
    yield from _lost(completeness(trace))
    parentless = sum(root.parent_id is None for root in trace.roots)
    if parentless == 0:
        yield "The first span of this trace is among what never arrived."
    elif parentless > 1:
        yield f"{parentless} spans claim to be the first; the critical path is that of the earliest."
    shifts = [shift for shift in skew.repaired(trace).shifts if abs(shift.microseconds) >= _REMARKABLE]
    for shift in shifts:
        yield f"{shift.clock}; its times are shown as it recorded them."
    early = sum(child.start < span.start for span in trace.spans for child in trace.children[span.span_id])
    if early and not shifts:
        spans = "span" if early == 1 else "spans"
        yield f"{early} {spans} began before the parent did: clocks or start times disagree."


def _lost(found: Completeness) -> Iterator[str]:
    """Say what never came, and whose it was where that can be told."""
    if len(found.lost) == 1:
        lost = found.lost[0]
        whose = f", a span of {lost.service}" if lost.service else ""
        yield f"A parent never arrived ({lost.span_id}{whose}): its children stand as roots."
    elif found.lost:
        counted = Counter(lost.service for lost in found.lost if lost.service)
        whose = ", ".join(f"{count} of {service}" for service, count in counted.items())
        yield f"{len(found.lost)} parents never arrived{f' ({whose})' if whose else ''}: their children stand as roots."
    for (caller, service), count in Counter((hole.call.service, hole.service) for hole in found.holes).items():
        calls = f"A call of {caller} to {service} has" if count == 1 else f"{count} calls of {caller} to {service} have"
        yield f"{calls} no span of {service} below, though others have: spans were lost."


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
