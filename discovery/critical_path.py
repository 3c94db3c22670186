"""The critical path: the stretches of spans that the trace's end had to wait for.

The algorithm is that of Jaeger's UI (jaeger-ui, TracePage/CriticalPath): walk back from the root's end, always into the
child that finished last, and from its start on to the sibling that finished last before it. Two readings are settled
here: a sibling that ends exactly when the next one starts is on the path, and a child that encloses its parent is cut
to the parent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from discovery.trace import Span, Trace

Bounds = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Section:
    """One stretch of one span on the path, in microseconds since the epoch."""

    span_id: str
    start: int
    end: int


def critical_path(trace: Trace) -> tuple[Section, ...]:
    """Return the path's sections, the last in time first; none is empty. Linear but for sorting siblings."""
    bounds = _clipped(trace)
    sections: list[Section] = []
    until = bounds[trace.root.span_id][1]
    stack = [(trace.root.span_id, _last_finished_first(trace, trace.root, bounds))]
    while stack:
        current, children = stack[-1]
        child = next((child for child in children if bounds[child.span_id][1] <= until), None)
        begin = bounds[current][0] if child is None else bounds[child.span_id][1]
        if begin < until:
            sections.append(Section(current, begin, until))
        until = begin
        if child is None:
            stack.pop()
        else:
            stack.append((child.span_id, _last_finished_first(trace, child, bounds)))
    return tuple(sections)


def _last_finished_first(trace: Trace, span: Span, bounds: Bounds) -> Iterator[Span]:
    """Give the children that count; an iterator, so that a child once passed over or taken is not looked at again."""
    counting = [child for child in trace.children[span.span_id] if child.span_id in bounds]
    return iter(sorted(counting, key=lambda child: -bounds[child.span_id][1]))


def _clipped(trace: Trace) -> dict[str, tuple[int, int]]:
    """Start and end of each span that its ancestors waited for, cut to its parent's; without what lies outside."""
    bounds = {trace.root.span_id: (trace.root.start, trace.root.end)}
    for span in trace.spans:
        if span.parent_id not in bounds or span.detached:
            continue
        start, end = bounds[span.parent_id]
        before = span.start < start and span.end <= start
        after = span.end > end and span.start >= end
        if not (before or after):
            bounds[span.span_id] = (max(span.start, start), min(span.end, end))
    return bounds


def as_json(sections: tuple[Section, ...]) -> list[dict[str, str | int]]:
    """Spell sections as Jaeger's UI does."""
    return [{"spanID": part.span_id, "sectionStart": part.start, "sectionEnd": part.end} for part in sections]
