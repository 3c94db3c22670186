"""A trace in one line of a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from discovery import duration, palette
from discovery.trace import Span, assemble

NAMELESS = "(unnamed)"


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a trace's spans a service has; `colour` is its number in the palette."""

    service: str
    colour: int
    spans: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list says of a trace: `service` and `operation` are its root's; times are microseconds.

    `lasted` is the duration in words; `services` stand in the order in which the trace reaches them.
    """

    trace_id: str
    service: str
    operation: str
    colour: int
    start: int
    duration: int
    lasted: str
    spans: int
    errors: int
    services: tuple[Share, ...]


def summary(spans: Iterable[Span]) -> Summary:
    """Sum up the spans of one trace. ValueError without any."""
    trace = assemble(spans)
    root = trace.root
    counted = Counter(span.service for span in trace.spans)
    return Summary(
        trace_id=trace.trace_id,
        service=root.service or NAMELESS,
        operation=root.name or NAMELESS,
        colour=palette.number(root.service),
        start=trace.start,
        duration=trace.duration,
        lasted=duration.spelled(trace.duration),
        spans=len(trace.spans),
        errors=trace.errors,
        services=tuple(Share(name or NAMELESS, palette.number(name), number) for name, number in counted.items()),
    )
