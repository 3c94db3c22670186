"""Finds traces again: candidates by the index, the rule itself on their spans."""

from __future__ import annotations

import heapq
import queue
import sqlite3
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import msgspec

from backend import file, forms, words
from backend.batch import Opened, trace_key
from backend.criteria import Criteria, met, moment
from backend.segment import Segment
from backend.words import Word
from discovery import ids
from discovery.trace import Kind, Span, identity, merge

MOST_SPANS = 50_000  # of one trace that are read
_CONNECTIONS = 4  # queries at once; more would only wait for one another
_OPEN = 16  # batches held open by one query
_PAGE = 256  # candidates asked for at once
_SLACK = 60_000_000  # microseconds by which a service may join a trace before or after its beginning

Candidate = tuple[int, int, int, int]  # when, service, trace's key, batch


class Reader:
    """Connections to read with, a few, handed out one a query."""

    def __init__(self, path: str) -> None:
        self._free: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        for _ in range(_CONNECTIONS):
            self._free.put(file.reading(path))

    @contextmanager
    def reading(self, segments: list[Segment]) -> Iterator[Reading]:
        """Give one query its look at the file."""
        connection = self._free.get()
        try:
            yield Reading(connection, segments)
        finally:
            self._free.put(connection)

    def close(self) -> None:
        """Close all connections; queries that run are waited for."""
        for _ in range(_CONNECTIONS):
            self._free.get().close()


class Reading:
    """One query's look at the file, and the batches it has opened."""

    def __init__(self, connection: sqlite3.Connection, segments: list[Segment]) -> None:
        self._connection = connection
        self._segments = segments
        self._opened: OrderedDict[int, Opened | None] = OrderedDict()

    def spans(self, trace_id: str) -> list[Span]:
        """Return the spans of one trace, repeats merged, MOST_SPANS at most; none where it is not held."""
        wanted = ids.normalised(trace_id)
        if not ids.is_trace_id(wanted):
            return []
        return self._traces([trace_key(wanted)]).get(wanted, [])

    def size(self, trace_id: str) -> int:
        """Return how many spans came of a trace, repeats counted."""
        wanted = ids.normalised(trace_id)
        if not ids.is_trace_id(wanted):
            return 0
        return sum(spans for spans in self._batches([trace_key(wanted)])[trace_key(wanted)].values())

    def search(self, criteria: Criteria, services: list[int] | None) -> list[list[Span]]:
        """Return the spans of each trace that meets the criteria, the latest trace first.

        `services` are the numbers of the service asked for, in any case; None where none is.
        """
        rare = self._rarest(words.asked(criteria))
        found: list[list[Span]] = []
        seen: set[int] = set()
        candidates = self._candidates(criteria, services, rare[1] if rare else None)
        while chunk := list(islice(candidates, max(64, 4 * criteria.limit))):
            keys = [key for _, _, key, batch in chunk if not rare or key in self._having(batch, rare[0])]
            fresh = [key for key in dict.fromkeys(keys) if key not in seen]
            seen.update(fresh)
            found += [spans for spans in self._traces(fresh).values() if met(criteria, spans)]
            found = sorted(found, key=moment, reverse=True)[: criteria.limit]
            # A trace still to come has all of its spans, its first among them, before the last candidate.
            if len(found) == criteria.limit and chunk[-1][0] <= moment(found[-1]):
                break
        return found

    def keys(self, since: int, until: int) -> list[int]:
        """Return the keys of traces that have spans between two times, in microseconds since the epoch."""
        found: set[int] = set()
        for segment in self._segments:
            sql = f"SELECT DISTINCT trace FROM moment_{segment.id} WHERE at BETWEEN ? AND ?"
            found.update(self._rows(sql, "trace", since, until))
        return sorted(found)

    def minutes(self, since: int, until: int) -> list[int]:
        """Return the minutes since the epoch in which spans between two times start, in order."""
        found: set[int] = set()
        for segment in self._segments:
            sql = f"SELECT DISTINCT at / 60000000 AS minute FROM moment_{segment.id} WHERE at BETWEEN ? AND ?"
            found.update(self._rows(sql, "minute", max(since, 0), min(until, 2**62)))
        return sorted(found)

    def traces(self, keys: list[int]) -> list[list[Span]]:
        """Return the spans of the traces with those keys."""
        return list(self._traces(keys).values())

    def _traces(self, keys: list[int]) -> dict[str, list[Span]]:
        by_batch: defaultdict[int, list[int]] = defaultdict(list)
        for key, batches in self._batches(keys).items():
            left = MOST_SPANS
            for batch, spans in batches.items():
                if left > 0:
                    by_batch[batch].append(key)
                left -= spans
        merged: defaultdict[str, dict[tuple[str, str, Kind], Span]] = defaultdict(dict)
        for batch, wanted in sorted(by_batch.items()):
            for span in self._of(batch, wanted):
                known, own = merged[ids.normalised(span.trace_id)], identity(span)
                known[own] = merge(known[own], span) if own in known else span
        return {trace_id: list(spans.values()) for trace_id, spans in merged.items()}

    def _of(self, batch: int, keys: list[int]) -> Iterator[Span]:
        opened = self._open(batch)
        for key in keys:
            yield from opened.spans(key) if opened else ()

    def _batches(self, keys: list[int]) -> dict[int, dict[int, int]]:
        """Return for each trace its batches, in order, and how many spans each holds of it."""
        found: defaultdict[int, dict[int, int]] = defaultdict(dict)
        text = msgspec.json.encode(keys).decode()
        for segment in self._segments:
            sql = f"SELECT trace, batch, spans FROM part_{segment.id} WHERE trace IN (SELECT value FROM json_each(?))"
            for key, batch, spans in self._rows(sql, "json_array(trace, batch, spans)", text):
                found[key][batch] = found[key].get(batch, 0) + spans
        return found

    def _candidates(
        self, criteria: Criteria, services: list[int] | None, batches: list[int] | None
    ) -> Iterator[Candidate]:
        """Give what may meet a search, the latest first."""
        filters = ["longest >= ?", "red >= ?"]
        values: list[int | str] = [criteria.least or 0, criteria.errors]
        for column, allowed in (("service", services), ("batch", batches)):
            if allowed is not None:
                filters.append(f"{column} IN (SELECT value FROM json_each(?))")
                values.append(msgspec.json.encode(allowed).decode())
        since, until = criteria.since - _SLACK, min(criteria.until + _SLACK, 2**62)
        fitting = [each for each in self._segments if each.earliest <= until and each.latest >= since]
        pages = [self._page(each, " AND ".join(filters), values, since, until) for each in fitting]
        return heapq.merge(*pages, reverse=True)

    def _page(
        self, segment: Segment, filters: str, values: list[int | str], since: int, until: int
    ) -> Iterator[Candidate]:
        sql = (
            f"SELECT at, service, trace, batch FROM moment_{segment.id} WHERE at >= ? "
            f"AND (at, service, trace, batch) < (?, ?, ?, ?) AND {filters} "
            f"ORDER BY at DESC, service DESC, trace DESC, batch DESC LIMIT {_PAGE}"
        )
        last: Candidate = (until + 1, 0, 0, 0)
        while rows := self._rows(sql, "json_array(at, service, trace, batch)", since, *last, *values):
            yield from map(tuple, rows)
            last = tuple(rows[-1])

    def _rarest(self, asked: list[Word]) -> tuple[Word, list[int]] | None:
        """Pick the word that the fewest batches may have, with those."""
        found = [(word, self._admitting(word)) for word in asked]
        return min(found, key=lambda each: len(each[1]), default=None)

    def _admitting(self, word: Word) -> list[int]:
        wanted = words.hashed(word.sort, word.key, word.value)
        return [
            batch
            for segment in self._segments
            for batch, sieve in segment.sieves.items()
            if words.admits(sieve, wanted)
        ]

    def _having(self, batch: int, word: Word) -> set[int]:
        opened = self._open(batch)
        return opened.keys(word) if opened else set()

    def _open(self, batch: int) -> Opened | None:
        if batch in self._opened:
            self._opened.move_to_end(batch)
            return self._opened[batch]
        row = self._connection.execute("SELECT form, body FROM batch WHERE id = ?", (batch,)).fetchone()
        opened = self._opened[batch] = forms.opened(*row) if row else None  # it may have been dropped meanwhile
        if len(self._opened) > _OPEN:
            self._opened.popitem(last=False)
        return opened

    def _rows(self, sql: str, shape: str, *values: int | str) -> list[Any]:
        """Run a query as one step that gives one JSON text: each step would wait for Python's lock once more."""
        try:
            [[text]] = self._connection.execute(f"SELECT json_group_array({shape}) FROM ({sql})", values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):  # a segment that was dropped meanwhile
                return []
            raise
        return msgspec.json.decode(text, type=list[Any])
