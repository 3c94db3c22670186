"""What is kept, how much and for how long; and how the oldest segment goes when that is exceeded, slice by slice."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from backend import file, segment
from backend.segment import Segment

_SLICE = 16  # batches deleted in one transaction: ingest waits no longer than that takes
_DELETED = "DELETE FROM batch WHERE id IN (SELECT id FROM batch WHERE id <= ? ORDER BY id LIMIT ?)"
_LOOK = 1.0  # seconds between two looks at age and size


@dataclass(frozen=True, slots=True)
class Limits:
    """What is kept: at most `size` bytes in the file and `age` seconds since it came; in segments of so many spans."""

    size: int = 1024 * 1024 * 1024
    age: float = 7 * 86_400.0
    segment_spans: int = 100_000

    @property
    def segment_bytes(self) -> int:
        """How large a segment may grow: a small part of the whole, because it goes as one."""
        return self.size // 10

    @property
    def segment_age(self) -> float:
        """For how many seconds a segment takes batches; a small part of the whole as well."""
        return self.age / 10


class Retention:
    """Drops what is too old or too much through the connection that writes, a little at each step."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._looked = 0.0  # 0 where to look at once
        self._last: int | None = None  # batch of a segment that went, up to which bytes are still there

    @property
    def patience(self) -> float:
        """Seconds until the next step is of use."""
        return _LOOK if self._looked and self._last is None else 0.0

    def step(self, segments: Sequence[Segment], growing: Segment | None, limits: Limits) -> int | None:
        """Do the next bit; `growing` is the segment that still takes batches, which stays.

        Returns how many spans went with the oldest segment where that is gone now. Where the disk refuses, it is tried
        again at the next look.
        """
        try:
            if self._last is not None:
                self._delete(self._last)
            elif self._is_over(segments, growing, limits):
                return self._drop(segments[0], segments[1:])
        except sqlite3.Error:
            self._last = None
        return None

    def _is_over(self, segments: Sequence[Segment], growing: Segment | None, limits: Limits) -> bool:
        """Look at age and size, if that was not done a moment ago."""
        if time.monotonic() - self._looked < _LOOK:
            return False
        self._looked = time.monotonic()
        if not segments or segments[0] is growing:
            return False
        return segment.now() - segments[0].closes > limits.age * 1e6 or file.used(self._connection) > limits.size

    def _drop(self, oldest: Segment, later: Sequence[Segment]) -> int:
        """Drop a segment's index; its batches go in the steps after this one."""
        with file.transaction(self._connection):
            gone = segment.drop(self._connection, oldest, later)
        self._last = max(oldest.sieves, default=0)
        return gone

    def _delete(self, last: int) -> None:
        with file.transaction(self._connection):
            deleted = self._connection.execute(_DELETED, (last, _SLICE)).rowcount
        if deleted < _SLICE:
            self._last, self._looked = None, 0.0  # one segment was perhaps not enough
