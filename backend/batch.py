"""What one request brought: its bytes as they came, and what is needed to find its spans again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from backend.words import Word
from discovery.trace import Span

MOST_TAKEN = 100_000  # spans in one request; with OTLP, their resources and scopes count too
TOO_MANY = f"The body holds more than {MOST_TAKEN:,} spans; send smaller batches."
SUGGESTED = 200  # tags of a batch at most that are suggested


class Form(IntEnum):
    """How a batch's bytes are spelled; the numbers are in the file."""

    ZIPKIN = 1
    OTLP = 2


@dataclass(slots=True)
class Part:
    """What a batch holds of one trace by one service. Times are microseconds, since the epoch where they are moments.

    `at` is the earliest start, `first` that of the first span without a parent (0 where there is none), `longest` the
    longest span's duration.
    """

    trace_id: str
    service: str
    at: int
    first: int
    longest: int
    red: bool
    spans: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Spans on their way into the store.

    `names` holds (service, span's name, remote service's name), `tags` some keys and values to suggest, `sieve` the
    words that the spans can be found by.
    """

    form: Form
    body: bytes
    spans: int
    parts: list[Part]
    names: set[tuple[str, str, str]]
    tags: set[tuple[str, str]]
    sieve: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """What could be made of a request: the good spans, how many were bad, and what was wrong with the first of them."""

    batch: Batch | None
    refused: int = 0
    reason: str = ""


class Opened(Protocol):
    """A batch's bytes, read again."""

    def spans(self, key: int) -> Iterator[Span]:
        """Give the spans of the traces with that key (`trace_key`)."""

    def keys(self, word: Word) -> set[int]:
        """Return the keys of the traces that have a span with a word."""


def trace_key(trace_id: str) -> int:
    """Return the lower 64 bits of a trace id, signed as SQLite's integers are; ids that share them share a key."""
    low = int(trace_id[-16:], 16)
    return low - (1 << 64) if low >> 63 else low
