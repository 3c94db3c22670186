"""A run in figures: of all of it, and of each phase and route."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from load.result import Request, Result, counts
from load.scenario import ROUTES, Phase


@dataclass(frozen=True, slots=True)
class Tally:
    """Some requests, counted by outcome; times in milliseconds, sorted."""

    requests: tuple[Request, ...]
    counts: dict[str, int]
    latency: tuple[float, ...]  # from the intended time
    service: tuple[float, ...]  # from the sending
    late: tuple[float, ...]  # from the intended time to the sending


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the run, in UTC: all its requests, and those of each route that had any."""

    start: datetime
    end: datetime
    total: Tally
    routes: dict[str, Tally]

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Figures:
    """The whole run, and the phases that began."""

    whole: Part
    phases: tuple[tuple[Phase, Part], ...]


def figures(result: Result) -> Figures:
    """Sort a run's requests by phase and route, and count them."""
    of_phase: defaultdict[int, list[Request]] = defaultdict(list)
    for request in result.requests:
        of_phase[request.arrival.phase].append(request)
    begun = zip(result.plan.phases, result.stretches, strict=False)
    return Figures(
        whole=_part(result.stretches[0].start, result.stretches[-1].end, result.requests),
        phases=tuple(
            (phase, _part(stretch.start, stretch.end, of_phase[index])) for index, (phase, stretch) in enumerate(begun)
        ),
    )


def tally(requests: Iterable[Request]) -> Tally:
    """Count requests and sort their times."""
    found = tuple(requests)
    return Tally(
        found,
        counts(found),
        tuple(sorted(each.latency for each in found if each.latency is not None)),
        tuple(sorted(each.service for each in found if each.service is not None)),
        tuple(sorted(each.late for each in found if each.late is not None)),
    )


def _part(start: datetime, end: datetime, requests: Iterable[Request]) -> Part:
    of_route: defaultdict[str, list[Request]] = defaultdict(list)
    for request in requests:
        of_route[request.arrival.route].append(request)
    return Part(start, end, tally(requests), {route: tally(of_route[route]) for route in ROUTES if route in of_route})
