"""What is usual: the healthy half of the traces, boiled down to what detectors compare with."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from discovery.culprit.account import Entry
from discovery.culprit.sample import Call, Sample
from discovery.culprit.visit import Visit, number, overlapping, repeats

_FLOOR = 15_000  # microseconds more than usual: less is not told from a busy machine
_FEW = 5  # traces of a route; with fewer, all routes together say what is usual
_SPREAD = 3.0  # times the distance from the median to the 95th percentile
Edge = tuple[str, str, str, str]  # caller's service and operation, and the visit's


@dataclass(frozen=True, slots=True)
class Level:
    """How much time an entry usually takes in a trace: median and the most that is not remarkable, microseconds."""

    typical: int
    limit: int


@dataclass(frozen=True, slots=True)
class Use:
    """How a route's answered traces make a call: the share of them that do, and how often one does at most."""

    share: float
    most: int


_NEVER = Level(0, 2 * _FLOOR)


@dataclass(frozen=True, slots=True)
class Usual:
    """The healthy half.

    `levels` by route and entry ("" for all routes), `whole` by route (a trace's duration); `edges` how the answered
    traces of a route make each call; `callee` whom a call leads to; `statements` how often a visit of an operation runs
    the same statement at most and `least` how many it runs at least, `body` its largest answer in bytes; `within` in
    which operation of a service a span of a name lies; `beside` the share of an operation's visits whose calls overlap.
    """

    levels: Mapping[tuple[str, Entry], Level]
    whole: Mapping[str, Level]
    edges: Mapping[str, Mapping[Edge, Use]]
    callee: Mapping[Call, tuple[str, str]]
    statements: Mapping[tuple[str, str], float]
    least: Mapping[tuple[str, str], int]
    body: Mapping[tuple[str, str], float]
    within: Mapping[tuple[str, str], str]
    beside: Mapping[tuple[str, str], float]

    def level(self, route: str, entry: Entry) -> Level:
        """What an entry usually takes on a route; nothing where it was never seen."""
        return self.levels.get((route, entry)) or self.levels.get(("", entry)) or _NEVER

    def duration(self, route: str) -> Level:
        """How long a trace of a route usually takes."""
        return self.whole.get(route) or self.whole.get("") or _NEVER


def usual(samples: Sequence[Sample]) -> Usual:
    """Boil samples down. Linear but for sorting."""
    by_route: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.route:
            by_route[sample.route].append(sample)
    levels: dict[tuple[str, Entry], Level] = {}
    whole = {"": _level([sample.trace.duration for sample in samples])} if samples else {}
    for route, same in by_route.items():
        if len(same) >= _FEW:
            levels |= {(route, entry): level for entry, level in _entries(same).items()}
            whole[route] = _level([sample.trace.duration for sample in same])
    levels |= {("", entry): level for entry, level in _entries_seen(samples).items()}
    visits = [visit for sample in samples for visit in sample.visits.all]
    return Usual(
        levels=levels,
        whole=whole,
        edges={route: _edges(same) for route, same in by_route.items()},
        callee=_callees(samples),
        statements=_most(((visit.service, visit.operation), repeats(visit)) for visit in visits),
        least=_least(samples),
        body=_most(((visit.service, visit.operation), _size(visit)) for visit in visits),
        within=_within(visits),
        beside=_beside(visits),
    )


def _size(visit: Visit) -> float:
    return number(visit.span, "http.response.body.size")


def _level(values: list[int]) -> Level:
    values.sort()
    typical, high = values[len(values) // 2], values[min(int(len(values) * 0.95), len(values) - 1)]
    return Level(typical, typical + max(_FLOOR, int(_SPREAD * (high - typical))))


def _entries(samples: Sequence[Sample]) -> dict[Entry, Level]:
    """Levels over all traces of one route: where an entry is not there it took nothing."""
    seen = _times(samples)
    return {entry: _level(times + [0] * (len(samples) - len(times))) for entry, times in seen.items()}


def _entries_seen(samples: Sequence[Sample]) -> dict[Entry, Level]:
    """Levels over the traces that have the entry."""
    return {entry: _level(times) for entry, times in _times(samples).items()}


def _times(samples: Sequence[Sample]) -> dict[Entry, list[int]]:
    seen: defaultdict[Entry, list[int]] = defaultdict(list)
    for sample in samples:
        for entry, booking in sample.account.items():
            seen[entry].append(booking.time)
    return seen


def _edges(samples: Sequence[Sample]) -> dict[Edge, Use]:
    good = [sample for sample in samples if sample.good]
    seen: defaultdict[Edge, list[int]] = defaultdict(list)
    for sample in good:
        for edge, visits in sample.edges.items():
            seen[edge].append(len(visits))
    return {edge: Use(len(counts) / len(good), max(counts)) for edge, counts in seen.items()}


def _callees(samples: Iterable[Sample]) -> dict[Call, tuple[str, str]]:
    seen: defaultdict[Call, Counter[tuple[str, str]]] = defaultdict(Counter)
    for sample in samples:
        for visit in sample.visits.all:
            if visit.call is not None:
                seen[sample.call(visit.call)][visit.service, visit.operation] += 1
    return {call: places.most_common(1)[0][0] for call, places in seen.items()}


def _most(pairs: Iterable[tuple[tuple[str, str], float]]) -> dict[tuple[str, str], float]:
    """The most of each place, but for the one in twenty that may be an accident."""
    found: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for place, value in pairs:
        found[place].append(value)
    return {place: sorted(values)[int(0.95 * (len(values) - 1))] for place, values in found.items()}


def _least(samples: Iterable[Sample]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for sample in samples:
        for visit in sample.visits.all if sample.good else ():
            place, count = (visit.service, visit.operation), len(visit.statements)
            found[place] = min(found.get(place, count), count)
    return found


def _within(visits: Iterable[Visit]) -> dict[tuple[str, str], str]:
    seen: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for visit in visits:
        for span in (*visit.statements, *visit.calls, *visit.rest):
            seen[visit.service, span.name.casefold()][visit.operation] += 1
    return {place: operations.most_common(1)[0][0] for place, operations in seen.items()}


def _beside(visits: Iterable[Visit]) -> dict[tuple[str, str], float]:
    seen: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    for visit in visits:
        if len(visit.calls) > 1:
            seen[visit.service, visit.operation].append(overlapping(visit))
    return {place: sum(each) / len(each) for place, each in seen.items()}
