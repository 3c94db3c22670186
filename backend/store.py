"""The latest traces, in memory, under a cap."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from backend.criteria import Criteria, met, moment
from discovery import ids
from discovery.dependencies import Link, dependencies
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
        self._touched: list[str] = []

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
            self._touched.append(ids.normalised(span.trace_id))
            self._make_room()

    def spans(self, trace_id: str) -> list[Span]:
        """Return the spans of a trace as they were sent, repeats merged; none where the trace is not held."""
        return list(self._traces.get(ids.normalised(trace_id), {}).values())

    def trace(self, trace_id: str) -> Trace | None:
        """Return one trace, or None."""
        spans = self.spans(trace_id)
        return assemble(spans) if spans else None

    def search(self, criteria: Criteria) -> list[list[Span]]:
        """Return the spans of each trace that meets the criteria, the latest trace first."""
        found = [spans for trace_id in self._traces if met(criteria, spans := self.spans(trace_id))]
        return sorted(found, key=moment, reverse=True)[: criteria.limit]

    def links(self, since: int, until: int) -> list[Link]:
        """Return who called whom in traces between two times, in microseconds since the epoch."""
        held = (self.spans(trace_id) for trace_id in self._traces)
        return dependencies(assemble(spans) for spans in held if since <= moment(spans) <= until)

    def services(self) -> list[str]:
        """Return the names of all services, sorted."""
        return sorted({span.service for span in self._all() if span.service})

    def names(self, service: str) -> list[str]:
        """Return the names of a service's spans, sorted."""
        return sorted({span.name for span in self._all() if span.service.lower() == service.lower() and span.name})

    def remotes(self, service: str) -> list[str]:
        """Return the names of the services that a service named as the other side, sorted."""
        return sorted({span.remote for span in self._all() if span.service.lower() == service.lower() and span.remote})

    def tag_keys(self) -> list[str]:
        """Return the keys of tags, sorted."""
        return sorted({key for span in self._all() for key in span.attributes})

    def tag_values(self, key: str) -> list[str]:
        """Return values of a tag, sorted; not all of them where they are many."""
        return sorted({str(span.attributes[key]) for span in self._all() if key in span.attributes})[:100]

    def touched(self, after: int) -> tuple[int, list[str]]:
        """Return a mark for the next call, and the ids of traces that got spans since the mark `after`, latest last."""
        return len(self._touched), list(dict.fromkeys(self._touched[after:]))

    def _all(self) -> Iterable[Span]:
        return (span for spans in self._traces.values() for span in spans.values())

    def _make_room(self) -> None:
        while self._held > self.most_spans:
            _, oldest = self._traces.popitem(last=False)
            self._held -= len(oldest)
            self.counts.dropped += len(oldest)
