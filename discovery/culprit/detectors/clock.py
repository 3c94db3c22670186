"""The fault of a service's clock."""

from __future__ import annotations

from collections.abc import Iterator

from discovery.culprit.case import Case, Sighting, Suspicion, suspicions
from discovery.culprit.sample import Sample

_MOSTLY = 0.5  # of the traces; a clock is wrong all the time


def clock_skew(case: Case) -> list[Suspicion]:
    """Server spans lie outside the calls that led to them, in every trace by the same: the service's clock is wrong.

    Durations are right, so that nothing else is wrong with it.
    """

    def see(sample: Sample) -> Iterator[Sighting]:
        for service, spans in sample.shifted.items():
            operation = next((visit.operation for visit in sample.visits.all if visit.service == service), "")
            yield Sighting(service, operation, spans)

    found = suspicions(case, "clock-skew", see, because="its clock is wrong: its spans lie outside their callers'")
    return [each for each in found if each.troubled[0] >= _MOSTLY * _of(case, each)]


def _of(case: Case, each: Suspicion) -> int:
    """Among how many traces it should be seen: all, where one window was split by what is odd."""
    return each.troubled[1] + each.healthy[1] * case.split
