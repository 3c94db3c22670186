"""Two traces of the same request side by side: which spans are in both, and what changed.

Spans are matched from the root down: below two matched spans, children of the same service, operation and kind belong
together in the order of their starts, the first with the first. What is below an unmatched span is unmatched. So a
query that runs forty times instead of once is one span in both and thirty-nine more, and a call that moved to another
caller is gone from one place and new in the other.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from discovery.self_time import self_times
from discovery.trace import Kind, Span, Trace

Pair = tuple[Span | None, Span | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One place in the merged tree: a span of `a`, one of `b` (one of them at least), and its depth from 0.

    `self_a` and `self_b` are self times in microseconds, 0 where there is no span.
    """

    a: Span | None
    b: Span | None
    self_a: int
    self_b: int
    depth: int

    @property
    def span(self) -> Span:
        """The span that names the row: service, operation and kind of matched spans are the same."""
        return next(span for span in (self.b, self.a) if span)

    @property
    def both(self) -> bool:
        """Whether it is in both traces."""
        return self.a is not None and self.b is not None

    @property
    def change(self) -> int:
        """How much longer it took in `b`, in microseconds; what is in one trace only took no time in the other."""
        return (self.b.duration if self.b else 0) - (self.a.duration if self.a else 0)

    @property
    def self_change(self) -> int:
        """How much longer it worked itself in `b`, in microseconds."""
        return self.self_b - self.self_a


@dataclass(frozen=True, slots=True)
class Operation:
    """All spans of one service and operation: how many, and their self times together in microseconds."""

    service: str
    name: str
    calls_a: int
    calls_b: int
    self_a: int
    self_b: int

    @property
    def self_change(self) -> int:
        """How much longer they worked themselves in `b`, in microseconds."""
        return self.self_b - self.self_a


def diff(a: Trace, b: Trace) -> tuple[Row, ...]:
    """Merge two traces into one tree, depth first; every span of both is in one row. Linear in the spans.

    The spans of `a` keep their order; what only `b` has stands before the sibling in both that follows it there.
    """
    own_a, own_b = self_times(a), self_times(b)
    rows: list[Row] = []
    waiting = [(pair, 0) for pair in reversed(list(_matched(a.roots, b.roots)))]
    while waiting:
        (one, other), depth = waiting.pop()
        rows.append(Row(one, other, own_a[one.span_id] if one else 0, own_b[other.span_id] if other else 0, depth))
        below = _matched(a.children[one.span_id] if one else (), b.children[other.span_id] if other else ())
        waiting += [(pair, depth + 1) for pair in reversed(list(below))]
    return tuple(rows)


def by_operation(rows: Iterable[Row]) -> list[Operation]:
    """Sum up the rows of each service and operation; the largest change of self time comes first."""
    found: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        found[row.span.service, row.span.name].append(row)
    operations = [
        Operation(
            *named,
            calls_a=sum(row.a is not None for row in those),
            calls_b=sum(row.b is not None for row in those),
            self_a=sum(row.self_a for row in those),
            self_b=sum(row.self_b for row in those),
        )
        for named, those in found.items()
    ]
    return sorted(operations, key=lambda operation: -abs(operation.self_change))


def _matched(ones: Iterable[Span], others: tuple[Span, ...]) -> Iterator[Pair]:
    """Match the children of two matched spans, and put them into one order."""
    places: defaultdict[tuple[str, str, Kind], deque[int]] = defaultdict(deque)
    for number, other in enumerate(others):
        places[_key(other)].append(number)
    pairs = [(one, places[_key(one)].popleft() if places[_key(one)] else None) for one in ones]
    taken = {place for _, place in pairs}
    reached = 0
    for one, place in pairs:
        if place is None:
            yield one, None
            continue
        yield from ((None, others[at]) for at in range(reached, place) if at not in taken)
        yield one, others[place]
        reached = max(reached, place)
    yield from ((None, others[at]) for at in range(reached, len(others)) if at not in taken)


def _key(span: Span) -> tuple[str, str, Kind]:
    return span.service, span.name, span.kind
