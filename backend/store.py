"""The latest traces, in memory, under a cap."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from discovery import ids
from discovery.trace import Kind, Span, Trace, assemble, identity, merge

_Spans = dict[tuple[str, str, Kind], Span]


@dataclass(slots=True)
class Counts:
    """What came in and what had to go; in spans."""

    received: int = 0
    refused: int = 0
    dropped: int = 0


class Store:
    """Holds at most `most_spans` spans; the trace that first arrived longest ago goes first, whole."""

    def __init__(self, most_spans: int = 50_000) -> None:
        self.most_spans = most_spans
        self.counts = Counts()
        self._traces: OrderedDict[str, _Spans] = OrderedDict()
        self._held = 0

    def __len__(self) -> int:
        return len(self._traces)

    def add(self, spans: Iterable[Span]) -> None:
        """Keep spans, late and repeated ones included: two reports of one span become one."""
        for span in spans:
            kept = self._traces.setdefault(ids.normalised(span.trace_id), {})
            key = identity(span)
            self._held += key not in kept
            kept[key] = merge(kept[key], span) if key in kept else span
            self.counts.received += 1
            self._make_room()

    def spans(self, trace_id: str) -> list[Span]:
        """Return the spans of a trace as they were sent, repeats merged; none where the trace is not held."""
        return list(self._traces.get(ids.normalised(trace_id), {}).values())

    def trace(self, trace_id: str) -> Trace | None:
        """Return one trace, or None."""
        spans = self.spans(trace_id)
        return assemble(spans) if spans else None

    def latest(self, limit: int, service: str = "") -> list[str]:
        """Return ids of traces, the latest first; with a service's name (in any case) only those that touched it."""
        wanted = service.casefold()
        found: list[str] = []
        for trace_id in reversed(self._traces):
            if len(found) >= limit:
                break
            if not wanted or any(span.service.casefold() == wanted for span in self._traces[trace_id].values()):
                found.append(trace_id)
        return found

    def services(self) -> list[str]:
        """Return the names of all services, sorted."""
        return sorted({span.service for spans in self._traces.values() for span in spans.values() if span.service})

    def _make_room(self) -> None:
        while self._held > self.most_spans:
            _, oldest = self._traces.popitem(last=False)
            self._held -= len(oldest)
            self.counts.dropped += len(oldest)
