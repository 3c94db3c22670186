"""The one thread that writes: it commits batches as they come, indexes them a little later, and drops the oldest.

A batch is acknowledged when its bytes are committed. Its index follows within a fifth of a second, with that of many
others in one transaction, because each row of it falls on another page of a b-tree. What was committed and not indexed
when the process died is indexed at the next start.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass

from backend import forms, segment
from backend.batch import Batch
from backend.changes import Changes
from backend.file import transaction
from backend.retention import Limits, Retention
from backend.segment import Segment

_MOST_PENDING = 48 * 1024 * 1024  # bytes of batches that are not indexed yet
_MOST_GROUPED, _MOST_BATCHES = 8 * 1024 * 1024, 300  # bytes, and batches, in one commit; a batch more of the first
_BACKLOG = 20_000  # spans
_LATEST = 0.2  # seconds from a commit to its index
_MOST_RECENT = 20_000  # traces remembered for the live tail, counted once a batch
_RETRY = 1.0  # seconds until an index that could not be written is tried again


class Busy(Exception):
    """More came than can be written; to be sent again a little later."""


class Full(Exception):
    """The disk does not take any more."""


@dataclass(slots=True)
class Counts:
    """What came in and what had to go since the start; in spans, but for `turned_away`, in requests."""

    received: int = 0
    refused: int = 0
    dropped: int = 0
    turned_away: int = 0


class Writer:
    """Owns the connection that writes, and the segments; `lock` guards what readers look at as well."""

    def __init__(self, connection: sqlite3.Connection, limits: Limits, counts: Counts) -> None:
        self.limits, self.counts = limits, counts
        self.lock = threading.Condition()
        self.segments = segment.load(connection)
        self.changes = Changes()
        self.recent: deque[tuple[int, list[str]]] = deque()
        self._connection = connection
        self._waiting: deque[tuple[Batch, Future[int]]] = deque()
        self._backlog: list[tuple[int, Batch]] = []
        self._backlog_since = 0.0
        self._retry_at = 0.0  # 0 where the last index could be written
        self._pending = 0
        self._wanted = 0
        self._remembered = 0
        self._stopping = False
        self.failure = ""
        self._retention = Retention(connection)
        [self.committed] = connection.execute("SELECT coalesce(max(id), 0) FROM batch").fetchone()
        self.indexed = max((max(each.sieves, default=0) for each in self.segments), default=0)
        self.version = 0  # counts what changed for readers: indexed and dropped
        self._recover()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, batch: Batch) -> Future[int]:
        """Hand a batch over; the future has its number once it is committed, or Full. Busy where too much waits."""
        with self.lock:
            if self.failure:
                raise Full(f"The store has ended ({self.failure}); start the backend again.")
            if self._stopping or self._pending + len(batch.body) > _MOST_PENDING:
                self.counts.turned_away += 1
                raise Busy("Spans come faster than they can be written; send this batch again.")
            self._pending += len(batch.body)
            done: Future[int] = Future()
            self._waiting.append((batch, done))
            self.lock.notify_all()
            return done

    def settle(self, seconds: float = 10.0) -> None:
        """Wait until all that was acknowledged can be found, or so many seconds; not where the disk takes no index."""
        with self.lock:
            target = self._wanted = self.committed
            if self.indexed < target:
                self.lock.notify_all()
                self.lock.wait_for(lambda: self.indexed >= target or self._stopping or bool(self._retry_at), seconds)

    def close(self) -> None:
        """Write and index what waits, and end the thread."""
        with self.lock:
            self._stopping = True
            self.lock.notify_all()
        self._thread.join()
        self._connection.close()

    @property
    def pending(self) -> int:
        """Bytes of batches that are not indexed yet."""
        return self._pending

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # a mistake of ours: senders have to hear of it, and /health to say so
            with self.lock:
                self.failure, self._stopping = f"{type(error).__name__}: {error}", True
                waiting, self._waiting = self._waiting, deque()
                self.lock.notify_all()
            for _, done in waiting:
                if done.set_running_or_notify_cancel():
                    done.set_exception(Full(f"The store has ended ({self.failure}); nothing of this batch was kept."))

    def _work(self) -> None:
        while True:
            with self.lock:
                self.lock.wait_for(self._has_work, self._patience())
                group = self._group()
                stopping = self._stopping and not group
            if group:
                self._commit(group)
            if self._is_due():
                self._index()
            while stopping and self._backlog and self._index():
                pass
            if stopping:
                return
            self._retain()

    def _has_work(self) -> bool:
        return bool(self._waiting) or self._stopping or (self._wanted > self.indexed and self._may_index())

    def _may_index(self) -> bool:
        return time.monotonic() >= self._retry_at

    def _patience(self) -> float:
        if not self._backlog:
            return self._retention.patience
        due = max(self._backlog_since + _LATEST, self._retry_at)
        return min(self._retention.patience, max(0.0, due - time.monotonic()))

    def _group(self) -> list[tuple[Batch, Future[int]]]:
        group: list[tuple[Batch, Future[int]]] = []
        size = 0
        while self._waiting and len(group) < _MOST_BATCHES and size <= _MOST_GROUPED:
            batch, done = self._waiting.popleft()
            size += len(batch.body)
            if done.set_running_or_notify_cancel():  # from here on its sender can no longer give up on it
                group.append((batch, done))
            else:
                self._pending -= len(batch.body)
        return group

    def _commit(self, group: list[tuple[Batch, Future[int]]]) -> None:
        first = self.committed + 1
        rows = [
            value for number, (batch, _) in enumerate(group, first) for value in (number, int(batch.form), batch.body)
        ]
        places = ", ".join(["(?, ?, ?)"] * len(group))
        try:
            with transaction(self._connection):
                self._connection.execute(f"INSERT INTO batch VALUES {places}", rows)
        except Exception as error:  # whatever it was, it is these senders that have to hear of it
            with self.lock:
                self._pending -= sum(len(batch.body) for batch, _ in group)
            for _, done in group:
                done.set_exception(Full(f"The store cannot be written ({error}); nothing of this batch was kept."))
            return
        if not self._backlog:
            self._backlog_since = time.monotonic()
        self._backlog += [(number, batch) for number, (batch, _) in enumerate(group, first)]
        with self.lock:
            self.committed = first + len(group) - 1
            self.counts.received += sum(batch.spans for batch, _ in group)
        for number, (_, done) in enumerate(group, first):
            done.set_result(number)

    def _is_due(self) -> bool:
        if not self._backlog or not self._may_index():
            return False
        waited = time.monotonic() - self._backlog_since >= _LATEST
        return waited or self._wanted > self.indexed or sum(batch.spans for _, batch in self._backlog) >= _BACKLOG

    def _index(self) -> bool:
        """Index what fits into one segment; False where it cannot be written."""
        batches = self._fitting()
        try:
            grown = self._indexed(batches)
        except sqlite3.Error:
            with self.lock:
                self._retry_at = time.monotonic() + _RETRY  # the disk may have room by then
                self.lock.notify_all()
            return False
        self._backlog = self._backlog[len(batches) :]
        with self.lock:
            self.segments = [*(each for each in self.segments if each.id != grown.id), grown]
            self.indexed, self._retry_at = batches[-1][0], 0.0
            self.version += 1
            self._pending = max(0, self._pending - sum(len(batch.body) for _, batch in batches))
            self._announce(batches)
            self.changes.note(self.version, {part.at for _, batch in batches for part in batch.parts})
            self.lock.notify_all()
        return True

    def _fitting(self) -> list[tuple[int, Batch]]:
        """Return the batches that still belong to the last segment, or to the next: one at least."""
        last = self._open() or Segment(0)
        spans, size = last.spans, last.size
        for count, (_, batch) in enumerate(self._backlog, 1):
            spans, size = spans + batch.spans, size + len(batch.body)
            if spans >= self.limits.segment_spans or size >= self.limits.segment_bytes:
                return self._backlog[:count]
        return self._backlog

    def _open(self) -> Segment | None:
        """Return the last segment, if it takes more batches."""
        last = self.segments[-1] if self.segments else None
        return last if last and last.closes > segment.now() and not self._is_full(last) else None

    def _is_full(self, one: Segment) -> bool:
        return one.spans >= self.limits.segment_spans or one.size >= self.limits.segment_bytes

    def _indexed(self, batches: list[tuple[int, Batch]]) -> Segment:
        last = self._open()
        with transaction(self._connection):
            if last is None:
                number = self.segments[-1].id + 1 if self.segments else 1
                last = segment.begin(self._connection, number, segment.now() + int(self.limits.segment_age * 1e6))
            segment.write(self._connection, last.id, batches)
            grown = last.grown(batches)
            if self._is_full(grown):
                grown.closes = segment.now()
            segment.save(self._connection, grown)
        return grown

    def _announce(self, batches: list[tuple[int, Batch]]) -> None:
        for number, batch in batches:
            traces = list({part.trace_id: None for part in batch.parts})[-_MOST_RECENT:]
            self.recent.append((number, traces))
            self._remembered += len(traces)
        while self._remembered > _MOST_RECENT:
            self._remembered -= len(self.recent.popleft()[1])

    def _recover(self) -> None:
        """Index what was committed when the process died, and delete what it was about to."""
        if self.segments:
            oldest = min((min(each.sieves) for each in self.segments if each.sieves), default=0)
            self._connection.execute("DELETE FROM batch WHERE id < ?", (oldest,))
        after = self.indexed
        sql = "SELECT id, form, body FROM batch WHERE id > ? ORDER BY id LIMIT 20"
        while rows := self._connection.execute(sql, (after,)).fetchall():
            after = rows[-1][0]
            self._backlog += [(number, forms.described(form, body)) for number, form, body in rows]
            self._pending += sum(len(body) for _, _, body in rows)
            while self._backlog and self._index():
                pass  # where the disk is full now, the thread goes on with it

    def _retain(self) -> None:
        """Drop a slice of what is too old or too much."""
        gone = self._retention.step(self.segments, self._open(), self.limits)
        if gone is None:
            return
        with self.lock:
            self.segments = self.segments[1:]
            self.counts.dropped += gone
            self.version += 1
            self.changes.note_all(self.version)
