"""A High Dynamic Range histogram: counts of times, exact to three digits, that adds up and has a standard format.

Buckets and the V2 encoding are those of Gil Tene's HdrHistogram (https://github.com/HdrHistogram/HdrHistogram,
AbstractHistogram.java, `encodeIntoByteBuffer`): values below 2048 units have a bucket each; above, each power of two
is cut in 1024. The counts up to the largest value are written as ZigZag LEB128 integers, a run of empty buckets as
the negative of its length; zlib makes it small.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

HIGHEST = 24 * 3_600 * 10**9  # ns, a day: longer times are taken for one

_DIGITS = 3
_LOWEST = 1_000  # ns; shorter times are not told apart
_UNIT = _LOWEST.bit_length() - 1  # a bucket's least width is 2**9 ns
_HALF = 10  # 2**10 buckets for each power of two: the least that keeps three digits
_FIRST = ((2 << _HALF) - 1) << _UNIT  # what is below has buckets of the least width
_ENCODED = 0x1C849303 | 0x10  # the format's cookies
_COMPRESSED = 0x1C849304 | 0x10


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often each bucket was hit; values in nanoseconds, as HdrHistogram's own tools assume."""

    counts: Counter[int] = field(default_factory=Counter)

    def __add__(self, other: Histogram) -> Histogram:
        """Put two together: the same as if all had been recorded in one."""
        return Histogram(self.counts + other.counts)

    @property
    def total(self) -> int:
        """How many values it holds."""
        return self.counts.total()

    def percentile(self, percent: float) -> int:
        """Give the value that so many percent do not exceed, rounded up to its bucket's end; 0 of nothing."""
        wanted = max(math.ceil(self.total * percent / 100), 1)
        seen = 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= wanted:
                return _last(bucket)
        return 0

    def encoded(self) -> str:
        """Write it in V2 compressed form, base64."""
        counts = b"".join(map(_integer, self._runs()))
        head = struct.pack(">iiiiqqd", _ENCODED, len(counts), 0, _DIGITS, _LOWEST, HIGHEST, 1.0)
        packed = zlib.compress(head + counts)
        return base64.b64encode(struct.pack(">ii", _COMPRESSED, len(packed)) + packed).decode()

    def _runs(self) -> Iterator[int]:
        """Counts in the order of their buckets; empty ones between them as minus their number, one alone as 0."""
        following = 0
        for bucket in sorted(self.counts):
            if empty := bucket - following:
                yield -empty if empty > 1 else 0
            yield self.counts[bucket]
            following = bucket + 1


def of(milliseconds: Iterable[float]) -> Histogram:
    """Record times, given in milliseconds."""
    return Histogram(Counter(_bucket(min(round(each * 1_000_000), HIGHEST)) for each in milliseconds))


def _bucket(value: int) -> int:
    power = (value | _FIRST).bit_length() - _FIRST.bit_length()
    return (power << _HALF) + (value >> (power + _UNIT))


def _last(bucket: int) -> int:
    """Give the largest value that falls into a bucket."""
    power = max((bucket >> _HALF) - 1, 0)
    return ((bucket - (power << _HALF) + 1) << (power + _UNIT)) - 1


def _integer(value: int) -> bytes:
    """Write a whole number, ZigZag and LEB128: seven bits a byte, lowest first, the eighth says that more follow."""
    left = value << 1 if value >= 0 else (-value << 1) - 1
    written = bytearray()
    while left > 0x7F:
        written.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes(written) + bytes([left])
