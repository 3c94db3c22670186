"""A case: the traces of a healthy time and those of a time with trouble, and what else is known of the run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from statistics import median
from typing import Any, TypeVar

from discovery.certainty import more_often
from discovery.culprit.account import Entry
from discovery.culprit.sample import Sample
from discovery.culprit.usual import Usual, usual
from discovery.run_folder import Counts

_TOGETHER = 25_000  # microseconds apart, within which what ends had one cause

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Grown:
    """An entry of a trace's account that took remarkably long: microseconds more than typical, and its spans."""

    entry: Entry
    more: int
    spans: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """`healthy` and `troubled` samples, those `afterwards`, and what the load counted, if a load is known.

    `split` says that one window was split by outcome and duration, so that how often something is seen in either half
    proves nothing by itself.
    """

    healthy: Sequence[Sample]
    troubled: Sequence[Sample]
    afterwards: Sequence[Sample] = ()
    counts: Counts | None = None
    split: bool = False
    _answers: dict[Callable[[Case], Any], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def usual(self) -> Usual:
        """What is usual, by the healthy half."""
        return usual(self.healthy)

    @cached_property
    def names(self) -> Mapping[tuple[str, str], str]:
        """How operations are spelt in the traces, by service and operation in small letters."""
        visits = (visit for sample in (*self.healthy, *self.troubled) for visit in sample.visits.all)
        return {(visit.service, visit.operation): visit.span.name for visit in visits}

    @cached_property
    def busiest(self) -> Mapping[str, str]:
        """The operation of each service that is asked for most."""
        counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for sample in (*self.healthy, *self.troubled):
            for visit in sample.visits.all:
                counted[visit.service][visit.operation] += 1
        return {service: operations.most_common(1)[0][0] for service, operations in counted.items()}

    @cached_property
    def _grown(self) -> dict[int, tuple[Grown, ...]]:
        return {id(sample): tuple(self._found(sample)) for sample in (*self.healthy, *self.troubled)}

    def _found(self, sample: Sample) -> Iterator[Grown]:
        for entry, booking in sample.account.items():
            level = self.usual.level(sample.route, entry)
            if booking.time > level.limit:
                yield Grown(entry, booking.time - level.typical, booking.spans)

    def grown(self, sample: Sample) -> tuple[Grown, ...]:
        """Give the entries of a sample's account that took remarkably long; found once, since many ask."""
        return self._grown[id(sample)]

    def answer(self, ask: Callable[[Case], Answer]) -> Answer:
        """Give what a function says of this case, and keep it."""
        if ask not in self._answers:
            self._answers[ask] = ask(self)
        found: Answer = self._answers[ask]
        return found

    @staticmethod
    def of_routes(samples: Iterable[Sample], routes: set[str]) -> int:
        """Count the samples of some routes."""
        return sum(sample.route in routes for sample in samples)

    def added(self, sample: Sample) -> int:
        """Microseconds that a trace took more than typical, in the entries of its account where that is remarkable."""
        return sum(each.more for each in self.grown(sample))


def once(ask: Callable[[Case], Answer]) -> Callable[[Case], Answer]:
    """Make a function of a case, which several detectors ask, work once for each case."""

    @wraps(ask)
    def kept(case: Case) -> Answer:
        return case.answer(ask)

    return kept


@dataclass(frozen=True, slots=True)
class Sighting:
    """A fault's sign in one trace: at which service and operation, proven by which spans, at what cost.

    `time` is the cost and `at` the moment when it was over, both in microseconds.
    """

    service: str
    operation: str
    spans: tuple[str, ...]
    time: int = 0
    at: int = 0


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One fault at one service: the sightings by trace id, and how often it was seen in either half.

    `chance` is how likely as many sightings are if both halves were alike. `alike` names the faults that the same
    traces would show.
    """

    fault: str
    service: str
    operation: str
    sightings: Mapping[str, Sequence[Sighting]]
    troubled: tuple[int, int]
    healthy: tuple[int, int]
    chance: float
    alike: tuple[str, ...] = ()
    because: str = ""

    @property
    def times(self) -> Mapping[str, int]:
        """Microseconds of the sightings in each trace, by its id."""
        return {trace_id: _cost(seen) for trace_id, seen in self.sightings.items()}

    @property
    def time(self) -> int:
        """Microseconds of all sightings together."""
        return sum(self.times.values())

    @property
    def marked(self) -> frozenset[str]:
        """The ids of all spans that prove it."""
        return frozenset(span for seen in self.sightings.values() for sighting in seen for span in sighting.spans)

    def episodes(self) -> list[int]:
        """The longest time of each moment at which sightings were over: what ended together had one cause."""
        every = sorted((each.at, each.time) for sightings in self.sightings.values() for each in sightings)
        longest: list[int] = []
        before = -_TOGETHER
        for at, time in every:
            if at - before < _TOGETHER:
                longest[-1] = max(longest[-1], time)
            else:
                longest.append(time)
            before = at
        return longest


See = Callable[[Sample], Iterable[Sighting]]
Seen = dict[str, tuple[Sample, list[Sighting]]]  # by trace id


def suspicions(
    case: Case, fault: str, see: See, *, alike: tuple[str, ...] = (), because: str = "", sized: bool = False
) -> list[Suspicion]:
    """Look for a sign in every trace of both halves, and sum it up for each service where it was seen at all.

    It is counted among the traces of the routes on which it was seen; `sized` among the healthy ones only where it
    costs half as much as it typically does in the others, since less is noise rather than the same sign.
    """
    troubled, healthy = _seen(case.troubled, see), _seen(case.healthy, see)
    found = []
    for service, traces in troubled.items():
        before = healthy.get(service, {})
        before = _as_large(before, traces) if sized else before
        routes = {sample.route for sample, _ in (*traces.values(), *before.values())}
        of = case.of_routes(case.troubled, routes), case.of_routes(case.healthy, routes)
        sightings = {trace_id: seen for trace_id, (_, seen) in traces.items()}
        operations = Counter(each.operation for seen in sightings.values() for each in seen)
        found.append(
            Suspicion(
                fault=fault,
                service=service,
                operation=operations.most_common(1)[0][0],
                sightings=sightings,
                troubled=(len(traces), of[0]),
                healthy=(len(before), of[1]),
                chance=more_often(len(traces), of[0], len(before), of[1]),
                alike=alike,
                because=because,
            )
        )
    return found


def _as_large(healthy: Seen, troubled: Seen) -> Seen:
    size = median(_cost(seen) for _, seen in troubled.values()) / 2
    return {trace_id: (sample, seen) for trace_id, (sample, seen) in healthy.items() if _cost(seen) >= size}


def _cost(seen: Iterable[Sighting]) -> int:
    return sum(sighting.time for sighting in seen)


def _seen(samples: Iterable[Sample], see: See) -> dict[str, Seen]:
    found: defaultdict[str, Seen] = defaultdict(dict)
    for sample in samples:
        for sighting in see(sample):
            found[sighting.service].setdefault(sample.trace.trace_id, (sample, []))[1].append(sighting)
    return dict(found)
