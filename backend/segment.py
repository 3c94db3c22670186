"""The index over a run of batches, as it is held in memory beside its tables."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from backend import file
from backend.batch import Batch, Part, trace_key
from backend.words import Sort, hashed

# Of services and their spans, remembered a segment to list them; services beyond the first, each with one name only.
_MOST_NAMES, _MOST_SERVICES, _LONGEST_NAME = 4_000, 1_000, 200
_MOST_KEYS, _MOST_VALUES, _LONGEST_VALUE = 200, 40, 100  # of tags, remembered a segment to suggest them
_ROWS = 300  # in one statement: older SQLite takes 999 values
_ADDED_TO_BODY = 256  # bytes that a batch's row and index take at least


@dataclass(slots=True)
class Segment:
    """Batches that came one after the other. `earliest` and `latest` are spans' starts, microseconds since the epoch.

    `closes` is when it takes no more batches, which may lie ahead. `names` holds (service, span's name, remote
    service's name), `sieves` the words of each batch.
    """

    id: int
    earliest: int = 2**62
    latest: int = 0
    spans: int = 0
    size: int = 0
    closes: int = 0
    names: set[tuple[str, str, str]] = field(default_factory=set)
    tags: dict[str, set[str]] = field(default_factory=dict)
    sieves: dict[int, bytes] = field(default_factory=dict)

    def grown(self, batches: list[tuple[int, Batch]]) -> Segment:
        """Return it with more batches, each with its number; readers keep the one they have."""
        moments = [part.at for _, batch in batches for part in batch.parts if part.at]
        grown = replace(
            self,
            earliest=min([self.earliest, *moments]),
            latest=max([self.latest, *moments]),
            spans=self.spans + sum(batch.spans for _, batch in batches),
            size=self.size + sum(len(batch.body) + _ADDED_TO_BODY for _, batch in batches),
            names=set(self.names),
            sieves=self.sieves | {number: batch.sieve for number, batch in batches},
            tags={key: set(values) for key, values in self.tags.items()},
        )
        for _, batch in batches:
            grown.remember(batch)
        return grown

    def remember(self, batch: Batch) -> None:
        """Note names to list and tags to suggest, as far as there is room."""
        self._name(batch.names)
        self._suggest(batch.tags)

    def _name(self, names: set[tuple[str, str, str]]) -> None:
        new = names - self.names
        known = {service for service, _, _ in self.names} if new else set()
        for service, name, remote in new:
            if max(len(service), len(name), len(remote)) > _LONGEST_NAME:
                continue
            room = _MOST_NAMES if service in known else _MOST_NAMES + _MOST_SERVICES
            if len(self.names) < room:
                self.names.add((service, name, remote))
                known.add(service)

    def _suggest(self, tags: set[tuple[str, str]]) -> None:
        for key, value in tags:
            values = self.tags.get(key)
            if values is None:
                if len(self.tags) >= _MOST_KEYS:
                    continue
                values = self.tags[key] = set()
            if len(values) < _MOST_VALUES and len(value) <= _LONGEST_VALUE:
                values.add(value)


def now() -> int:
    """The time in microseconds since the epoch, as segments have it."""
    return time.time_ns() // 1000


def begin(connection: sqlite3.Connection, number: int, closes: int) -> Segment:
    """Make the tables of a new segment, which takes batches until a time."""
    for statement in file.SEGMENT.format(number).split(";"):
        connection.execute(statement)
    segment = Segment(number, closes=closes)
    save(connection, segment)
    return segment


def save(connection: sqlite3.Connection, segment: Segment) -> None:
    """Write what is known of a segment."""
    names = msgspec.json.encode(sorted(segment.names)).decode()
    tags = msgspec.json.encode({key: sorted(values) for key, values in segment.tags.items()}).decode()
    row = (segment.id, segment.earliest, segment.latest, segment.spans, segment.size, segment.closes, names, tags)
    connection.execute("INSERT OR REPLACE INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def write(connection: sqlite3.Connection, segment: int, batches: list[tuple[int, Batch]]) -> None:
    """Write the index rows of some batches.

    Each table is filled by one statement from one JSON text: executing a statement once a row would let other threads
    have Python's lock once a row, and wait for them each time.
    """
    found: dict[tuple[int, int, int], Part] = {}
    for number, batch in batches:
        services = {name: hashed(Sort.SERVICE, name.lower()) for name in {part.service for part in batch.parts}}
        for part in batch.parts:
            place = trace_key(part.trace_id), number, services[part.service]
            found[place] = _joined(found[place], part) if place in found else part
    parts = [(*place, part.at, part.first, part.spans) for place, part in found.items()]
    moments = [
        (part.at, service, key, number, part.longest, part.red)
        for (key, number, service), part in found.items()
        if part.at
    ]
    _fill(connection, f"part_{segment}", sorted(parts), 6)
    _fill(connection, f"moment_{segment}", sorted(moments), 6)
    for start in range(0, len(batches), _ROWS):
        some = batches[start : start + _ROWS]
        rows = [value for number, batch in some for value in (number, segment, batch.sieve)]
        connection.execute(f"INSERT INTO sieve VALUES {', '.join(['(?, ?, ?)'] * len(some))}", rows)


def _joined(one: Part, other: Part) -> Part:
    """Make one row of two whose trace ids share their lower half, or whose services' names differ in case only."""
    return replace(
        one,
        at=min(filter(None, (one.at, other.at)), default=0),
        first=one.first or other.first,
        longest=max(one.longest, other.longest),
        red=one.red or other.red,
        spans=one.spans + other.spans,
    )


def _fill(connection: sqlite3.Connection, table: str, rows: Sequence[tuple[int, ...]], columns: int) -> None:
    values = ", ".join(f"json_extract(value, '$[{number}]')" for number in range(columns))
    sql = f"INSERT OR REPLACE INTO {table} SELECT {values} FROM json_each(?)"
    connection.execute(sql, (msgspec.json.encode(rows).decode(),))


def load(connection: sqlite3.Connection) -> list[Segment]:
    """Read what is known of all segments, the oldest first."""
    segments = []
    for *numbers, names, tags in connection.execute("SELECT * FROM segment ORDER BY id"):
        segment = Segment(*numbers)
        segment.names = msgspec.json.decode(names, type=set[tuple[str, str, str]])
        segment.tags = msgspec.json.decode(tags, type=dict[str, set[str]])
        segments.append(segment)
    by_id = {segment.id: segment for segment in segments}
    for batch, number, bits in connection.execute("SELECT batch, segment, bits FROM sieve ORDER BY batch"):
        by_id[number].sieves[batch] = bits
    return segments


def drop(connection: sqlite3.Connection, segment: Segment, later: Iterable[Segment]) -> int:
    """Drop a segment's index, and what later ones hold of its traces, so that none is left in halves.

    Returns how many spans that were. The batches' bytes are deleted by the caller, slice by slice.
    """
    gone = segment.spans
    for other in later:
        rest = f"SELECT * FROM part_{other.id} WHERE trace IN (SELECT trace FROM part_{segment.id})"
        [spans] = connection.execute(f"SELECT coalesce(sum(spans), 0) FROM ({rest})").fetchone()
        if spans:
            moments = f"SELECT at, service, trace, batch FROM ({rest})"
            connection.execute(f"DELETE FROM moment_{other.id} WHERE (at, service, trace, batch) IN ({moments})")
            connection.execute(f"DELETE FROM part_{other.id} WHERE trace IN (SELECT trace FROM part_{segment.id})")
            other.spans -= spans
            gone += spans
    connection.execute(f"DROP TABLE part_{segment.id}")
    connection.execute(f"DROP TABLE moment_{segment.id}")
    connection.execute("DELETE FROM sieve WHERE segment = ?", (segment.id,))
    connection.execute("DELETE FROM segment WHERE id = ?", (segment.id,))
    return gone
