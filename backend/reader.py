"""Finds traces again: candidates by the index, the rule itself on their spans."""

from __future__ import annotations

import heapq
import queue
import sqlite3
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec

from backend import file, forms, words
from backend.batch import Opened, trace_key
from backend.criteria import Criteria, met, moment
from backend.segment import Segment
from backend.words import Sort, Word
from discovery import ids
from discovery.trace import Span, merge_repeats

MOST_SPANS = 50_000  # of one trace that are read
_CONNECTIONS = 4  # queries at once; more would only wait for one another
_OPEN = 16  # batches held open by one query
_PAGE = 256  # candidates asked for at once
_AHEAD = 6  # candidates looked at beyond those asked for, before it is known whether more are needed
_CHUNK = 64  # candidates whose parts are looked up at once
_SLACK = 60_000_000  # microseconds by which a service may join a trace before or after its beginning
_UNKNOWN = 2**62  # microseconds that a span without a start may have lasted

Candidate = tuple[int, int, int, int]  # when, service, trace's key, batch


@dataclass(frozen=True, slots=True)
class _Part:
    batch: int
    at: int
    first: int
    spans: int


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

    def used(self) -> int:
        """Return how many bytes of the file hold something."""
        connection = self._free.get()
        try:
            return file.used(connection)
        finally:
            self._free.put(connection)

    def close(self) -> None:
        """Close all connections; queries that run are waited for, and later ones fail instead of waiting."""
        closed = [self._free.get() for _ in range(_CONNECTIONS)]
        for connection in closed:
            connection.close()
            self._free.put(connection)


class Reading:
    """One query's look at the file, and the batches it has opened."""

    def __init__(self, connection: sqlite3.Connection, segments: list[Segment]) -> None:
        self._connection = connection
        self._segments = segments
        self._opened: OrderedDict[int, Opened | None] = OrderedDict()
        self._with_word: dict[int, set[int]] = {}  # by batch, for the one word that a search goes by

    def spans(self, trace_id: str) -> list[Span]:
        """Return the spans of one trace, repeats merged, MOST_SPANS at most; none where it is not held."""
        wanted = ids.normalised(trace_id)
        if not ids.is_trace_id(wanted):
            return []
        return self._read(self._parts([trace_key(wanted)])).get(wanted, [])

    def size(self, trace_id: str) -> int:
        """Return how many spans came of a trace, repeats counted."""
        wanted = ids.normalised(trace_id)
        if not ids.is_trace_id(wanted):
            return 0
        return sum(part.spans for part in self._parts([trace_key(wanted)])[trace_key(wanted)])

    def search(self, criteria: Criteria) -> list[list[Span]]:
        """Return the spans of each trace that meets the criteria, the latest trace first."""
        rare = self._rarest(words.asked(criteria))
        if rare and not rare[1]:
            return []
        likely = self._likely(criteria, rare)
        found: list[list[Span]] = []
        while chunk := dict(islice(likely, criteria.limit + _AHEAD)):
            parts = {key: parts for key, (_, parts) in chunk.items()}
            found += [spans for spans in self._read(parts).values() if met(criteria, spans)]
            found = sorted(found, key=moment, reverse=True)[: criteria.limit]
            # A trace still to come has all of its spans, its first among them, before the last candidate.
            if len(found) == criteria.limit and min(at for at, _ in chunk.values()) <= moment(found[-1]):
                break
        return found

    def keys(self, since: int, until: int) -> list[int]:
        """Return the keys of traces that have spans between two times, in microseconds since the epoch.

        They come in the order in which the traces did, more or less: those side by side have batches in common.
        """
        found: dict[int, None] = {}
        for segment in self._segments:
            sql = f"SELECT DISTINCT trace FROM moment_{segment.id} WHERE at BETWEEN ? AND ? ORDER BY at"
            found |= dict.fromkeys(self._rows(sql, "trace", since, until))
        return list(found)

    def minutes(self, since: int, until: int) -> list[int]:
        """Return the minutes since the epoch in which spans between two times start, in order."""
        found: set[int] = set()
        for segment in self._segments:
            sql = f"SELECT DISTINCT at / 60000000 AS minute FROM moment_{segment.id} WHERE at BETWEEN ? AND ?"
            found.update(self._rows(sql, "minute", max(since, 0), min(until, 2**62)))
        return sorted(found)

    def traces(self, keys: list[int]) -> list[list[Span]]:
        """Return the spans of the traces with those keys."""
        return list(self._read(self._parts(keys)).values())

    def _read(self, parts: Mapping[int, list[_Part]]) -> dict[str, list[Span]]:
        """Return the spans of traces by their ids, repeats merged, MOST_SPANS of each at most."""
        by_batch: defaultdict[int, set[int]] = defaultdict(set)
        for key, each in parts.items():
            left = MOST_SPANS
            for part in sorted(each, key=lambda part: part.batch):
                if left > 0:
                    by_batch[part.batch].add(key)
                left -= part.spans
        found: defaultdict[str, list[Span]] = defaultdict(list)
        for batch, wanted in sorted(by_batch.items()):
            for span in self._of(batch, wanted):
                found[ids.normalised(span.trace_id)].append(span)
        return {trace_id: merge_repeats(spans) for trace_id, spans in found.items()}

    def _of(self, batch: int, keys: Iterable[int]) -> Iterator[Span]:
        opened = self._open(batch)
        for key in keys:
            yield from islice(opened.spans(key), MOST_SPANS) if opened else ()

    def _parts(self, keys: list[int]) -> dict[int, list[_Part]]:
        """Return for each trace what the batches hold of it."""
        found: defaultdict[int, list[_Part]] = defaultdict(list)
        text = msgspec.json.encode(keys).decode()
        for segment in self._segments:
            sql = f"SELECT * FROM part_{segment.id} WHERE trace IN (SELECT value FROM json_each(?))"
            for key, *part in self._rows(sql, "json_array(trace, batch, at, first, spans)", text):
                found[key].append(_Part(*part))
        return found

    def _candidates(self, criteria: Criteria, batches: set[int] | None) -> Iterator[Candidate]:
        """Give what may meet a search, the latest first: of one condition beside the service's.

        Two conditions may be met by two spans of the service, which came in two batches and have two rows.
        """
        filters, values = ["TRUE"], list[int | str]()
        if criteria.service:
            filters.append("service = ?")
            values.append(words.hashed(Sort.SERVICE, criteria.service.lower()))
        if batches is not None:
            filters.append("batch IN (SELECT value FROM json_each(?))")
            values.append(msgspec.json.encode(sorted(batches)).decode())
        elif criteria.errors:
            filters.append("red")
        elif criteria.least:
            filters.append("longest >= ?")
            values.append(criteria.least)
        since, until = max(criteria.since - _SLACK, 0), min(criteria.until + _SLACK, 2**62)
        fitting = [each for each in self._segments if each.earliest <= until and each.latest >= since]
        pages = [self._page(each, " AND ".join(filters), values, since, until) for each in fitting]
        return heapq.merge(*pages, reverse=True)

    def _likely(
        self, criteria: Criteria, rare: tuple[Word, set[int]] | None
    ) -> Iterator[tuple[int, tuple[int, list[_Part]]]]:
        """Give each trace once, by its key, with when it was met, if it may lie in the window and has the word."""
        first, last = (rare, None) if rare and self._leads(rare[1], criteria) else (None, rare)
        candidates = self._candidates(criteria, first[1] if first else None)
        seen: set[int] = set()
        while chunk := list(islice(candidates, _CHUNK)):
            fresh: dict[int, int] = {}
            for at, _, key, batch in chunk:
                if key not in seen and (not first or key in self._having(batch, first[0])):
                    seen.add(key)
                    fresh[key] = at
            if criteria.least and (first or criteria.errors):
                fresh = {key: fresh[key] for key in self._lasting(fresh, criteria)}
            parts = self._parts(list(fresh)) if fresh else {}
            for key, at in fresh.items():
                if _may_lie(parts[key], criteria) and (not last or self._has(key, parts[key], last)):
                    yield key, (at, parts[key])

    def _leads(self, batches: set[int], criteria: Criteria) -> bool:
        """Tell whether to go by a word that these may have; one that many have is looked for last: it opens them."""
        held = sum(len(segment.sieves) for segment in self._segments)
        return not (criteria.errors or criteria.least) or len(batches) * 4 <= held

    def _lasting(self, keys: Iterable[int], criteria: Criteria) -> list[int]:
        """Pick the traces that may have a span of the service that lasted, in whichever batch; in their order."""
        text = msgspec.json.encode(list(keys)).decode()
        service = words.hashed(Sort.SERVICE, criteria.service.lower()) if criteria.service else -1
        found: set[int] = set()
        for segment in self._segments:
            sql = (
                f"SELECT trace FROM part_{segment.id} LEFT JOIN moment_{segment.id} USING (at, service, trace, batch) "
                "WHERE trace IN (SELECT value FROM json_each(?)) AND ? IN (service, -1) AND ifnull(longest, ?) >= ?"
            )
            found.update(self._rows(sql, "trace", text, service, _UNKNOWN, criteria.least or 0))
        return [key for key in keys if key in found]

    def _has(self, key: int, parts: list[_Part], rare: tuple[Word, set[int]]) -> bool:
        word, batches = rare
        return any(part.batch in batches and key in self._having(part.batch, word) for part in parts)

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

    def _rarest(self, asked: list[Word]) -> tuple[Word, set[int]] | None:
        """Pick the word that the fewest batches may have, with those."""
        found = [(word, self._admitting(word)) for word in asked]
        return min(found, key=lambda each: len(each[1]), default=None)

    def _admitting(self, word: Word) -> set[int]:
        wanted = words.hashed(word.sort, word.key, word.value)
        return {
            batch
            for segment in self._segments
            for batch, sieve in segment.sieves.items()
            if words.admits(sieve, wanted)
        }

    def _having(self, batch: int, word: Word) -> set[int]:
        if batch not in self._with_word:
            opened = self._open(batch)
            self._with_word[batch] = opened.keys(word) if opened else set()
        return self._with_word[batch]

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


def _may_lie(parts: list[_Part], criteria: Criteria) -> bool:
    """Tell whether a trace's time may lie in the window: it is that of a span without a parent, if there is one."""
    times = [part.first for part in parts if part.first] or [min((part.at for part in parts if part.at), default=0)]
    return min(times) <= criteria.until and max(times) >= criteria.since
