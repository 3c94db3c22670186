"""Keeps spans in one file, and finds traces in it: one thread writes, a few connections read."""

from __future__ import annotations

import sqlite3
import tempfile
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import msgspec

from backend import file
from backend.batch import Batch
from backend.criteria import Criteria
from backend.links import Links
from backend.reader import MOST_SPANS, Reader
from backend.retention import Limits
from backend.segment import Segment
from backend.writer import Counts, Writer
from discovery.dependencies import Link
from discovery.trace import Span, Trace, assemble


@dataclass(frozen=True, slots=True)
class Condition:
    """How full a store is: spans, bytes in its file, the most of these, and bytes that wait to be indexed."""

    spans: int
    size: int
    limit: int
    pending: int


class Store:
    """A store of traces. All methods but `append` may take milliseconds, and wait for what was acknowledged before.

    Without a path it is a temporary file, deleted at the end. Raises file.Unusable.
    """

    def __init__(self, path: Path | None = None, limits: Limits | None = None) -> None:
        self._folder = None if path else tempfile.TemporaryDirectory(prefix="tracelab-", ignore_cleanup_errors=True)
        name = str(path or Path(self._folder.name if self._folder else "") / "traces.db")
        self._own = file.locked(name)
        self.counts = Counts()
        try:
            self._writer = Writer(file.opened(name), limits or Limits(), self.counts)
        except (sqlite3.Error, msgspec.DecodeError) as error:
            self._own.close()
            raise file.broken(name, error) from error
        except BaseException:
            self._own.close()
            raise
        self._reader = Reader(name)
        self._links = Links(self._writer.changes)

    def append(self, batch: Batch) -> Future[int]:
        """Hand over a batch; the future ends when it is on disk, with writer.Full where it cannot be.

        Raises writer.Busy where too much waits already. Never blocks.
        """
        return self._writer.submit(batch)

    @property
    def failure(self) -> str:
        """What ended the store's writing; empty where nothing did."""
        return self._writer.failure

    def condition(self) -> Condition:
        """Return how full it is, now."""
        spans = sum(segment.spans for segment in self._writer.segments)
        return Condition(spans, self._reader.used(), self._writer.limits.size, self._writer.pending)

    def close(self) -> None:
        """Write and index what waits, and close the file."""
        self._writer.close()
        self._reader.close()
        self._own.close()
        if self._folder:
            self._folder.cleanup()

    def spans(self, trace_id: str) -> list[Span]:
        """Return the spans of a trace as they were sent, repeats merged; none where the trace is not held."""
        with self._reader.reading(self._settled()) as reading:
            return reading.spans(trace_id)

    def left_out(self, trace_id: str) -> int:
        """Return how many of a trace's spans are too many to be read; 0 but for the very largest."""
        with self._reader.reading(self._settled()) as reading:
            return max(0, reading.size(trace_id) - MOST_SPANS)

    def trace(self, trace_id: str) -> Trace | None:
        """Return one trace, or None."""
        spans = self.spans(trace_id)
        return assemble(spans) if spans else None

    def search(self, criteria: Criteria) -> list[list[Span]]:
        """Return the spans of each trace that meets the criteria, the latest trace first."""
        with self._reader.reading(self._settled()) as reading:
            return reading.search(criteria)

    def links(self, since: int, until: int) -> list[Link]:
        """Return who called whom in traces between two times, in microseconds since the epoch."""
        self._writer.settle()
        version = self._writer.version  # before the segments: what is read is as new, or newer
        with self._reader.reading(self._writer.segments) as reading:
            return self._links.between(reading, version, since, until)

    def services(self) -> list[str]:
        """Return the names of all services, sorted."""
        return sorted({service for service, _, _ in self._names() if service})

    def names(self, service: str) -> list[str]:
        """Return the names of a service's spans, sorted."""
        return sorted({name for each, name, _ in self._names() if name and each.lower() == service.lower()})

    def remotes(self, service: str) -> list[str]:
        """Return the names of the services that a service named as the other side, sorted."""
        return sorted({remote for each, _, remote in self._names() if remote and each.lower() == service.lower()})

    def tag_keys(self) -> list[str]:
        """Return the keys of tags, sorted."""
        return sorted({key for segment in self._settled() for key in segment.tags})

    def tag_values(self, key: str) -> list[str]:
        """Return values of a tag, sorted; not all of them where they are many."""
        return sorted({value for segment in self._settled() for value in segment.tags.get(key, ())})

    def touched(self, after: int) -> tuple[int, list[str]]:
        """Return a mark for the next call, and the ids of traces that got spans since the mark `after`, latest last."""
        with self._writer.lock:
            new = [trace for number, traces in self._writer.recent if number > after for trace in traces]
            return self._writer.indexed, list(dict.fromkeys(new))

    def _names(self) -> set[tuple[str, str, str]]:
        return set().union(*(segment.names for segment in self._settled()))

    def _settled(self) -> list[Segment]:
        self._writer.settle()
        return self._writer.segments
