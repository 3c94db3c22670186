"""Who called whom, counted minute by minute, so that an hour that was counted once is not read again.

A minute's traces are those whose time (`criteria.moment`) lies in it. It is counted again after spans came that may
belong to them: whose start is within `_REACH` minutes, because a trace's spans start after its first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from backend.changes import MINUTE, Changes
from backend.criteria import moment
from backend.reader import Reading
from discovery.dependencies import Link, dependencies
from discovery.trace import Span, assemble

_REACH = 5
_MOST = 20_000  # minutes remembered, two weeks
_AT_ONCE = 2_000  # traces in memory


@dataclass(frozen=True, slots=True)
class _Counted:
    version: int
    links: list[Link]


class Links:
    """The counts of whole minutes, each with the version of the store at which it was true."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._counted: dict[int, _Counted] = {}

    def between(self, reading: Reading, version: int, since: int, until: int) -> list[Link]:
        """Add up the calls in traces between two times, both included, in microseconds since the epoch.

        `version` is that of the store that is read.
        """
        found: list[Link] = []
        for minute in reading.minutes(since - MINUTE, until):
            first, last = max(since, minute * MINUTE), min(until, (minute + 1) * MINUTE - 1)
            whole = last - first == MINUTE - 1
            found += self._whole(reading, version, minute) if whole else _count(reading, first, last)
        return _summed(found)

    def _whole(self, reading: Reading, version: int, minute: int) -> list[Link]:
        known = self._counted.get(minute)
        if known and known.version >= self._changes.latest(minute - _REACH, minute + _REACH):
            return known.links
        links = _count(reading, minute * MINUTE, (minute + 1) * MINUTE - 1)
        if len(self._counted) >= _MOST:
            self._counted.clear()
        self._counted[minute] = _Counted(version, links)
        return links


def _count(reading: Reading, first: int, last: int) -> list[Link]:
    if first > last:
        return []
    return dependencies(assemble(spans) for spans in _traces(reading, first, last) if first <= moment(spans) <= last)


def _traces(reading: Reading, first: int, last: int) -> Iterator[list[Span]]:
    keys = reading.keys(first, last)
    for start in range(0, len(keys), _AT_ONCE):
        yield from reading.traces(keys[start : start + _AT_ONCE])


def _summed(links: Iterable[Link]) -> list[Link]:
    calls: Counter[tuple[str, str]] = Counter()
    errors: Counter[tuple[str, str]] = Counter()
    for link in links:
        calls[link.parent, link.child] += link.calls
        errors[link.parent, link.child] += link.errors
    return [Link(*pair, calls[pair], errors[pair]) for pair in sorted(calls)]
