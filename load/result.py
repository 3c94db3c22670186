"""What became of a run, request by request."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from heapq import nlargest, nsmallest

from load.schedule import Arrival, Plan

LATENESS_BOUND = 100.0  # ms at p99; past it a person would notice the generator rather than the shop


class Outcome(StrEnum):
    """How a request ended: `expected` is business (402, 404, 409), `dropped` was never sent."""

    OK = "ok"
    EXPECTED = "expected"
    ERROR = "error"
    DROPPED = "dropped"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class Request:
    """One request; times in milliseconds.

    `latency` runs from the intended time, `service` from the sending, `late` lies between the two. Without an end
    there is no latency. `trace_id` is None where nothing of the trace is stored: unsampled, or no exporter.
    """

    arrival: Arrival
    outcome: Outcome
    error: str | None = None
    latency: float | None = None
    service: float | None = None
    late: float | None = None
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Spans:
    """What became of the client's own spans."""

    ended: int
    delivered: int

    @property
    def lost(self) -> int:
        """Those that no backend took."""
        return self.ended - self.delivered


@dataclass(frozen=True, slots=True)
class Stretch:
    """A phase as it really was, in UTC."""

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """A whole run. `run` names it; `stretches` holds the phases that began; `traced` says whether spans go anywhere."""

    run: str
    target: str
    plan: Plan
    stretches: tuple[Stretch, ...]
    requests: tuple[Request, ...]
    interrupted: bool
    traced: bool
    spans: Spans

    @property
    def lateness(self) -> float:
        """The generator's own lateness, p99, in milliseconds."""
        return percentile([request.late for request in self.requests if request.late is not None], 99) or 0.0

    @property
    def valid(self) -> bool:
        """Whether the generator kept its own schedule."""
        return self.lateness <= LATENESS_BOUND

    @property
    def unsampled(self) -> int:
        """Requests sent without a stored trace although spans are exported."""
        return sum(request.late is not None and request.trace_id is None for request in self.requests) * self.traced

    def of_phase(self, name: str) -> list[Request]:
        """Requests that were due in a phase."""
        return [request for request in self.requests if self.plan.phases[request.arrival.phase].name == name]


def slowest(requests: Iterable[Request], count: int = 1) -> list[Request]:
    """Find the slowest requests that have a trace, slowest first."""
    timed = (request for request in requests if request.latency is not None and request.trace_id)
    return nlargest(count, timed, key=lambda request: request.latency or 0.0)


def failed(requests: Iterable[Request], count: int = 1) -> list[Request]:
    """Find the first failed requests that have a trace."""
    failures = (request for request in requests if request.outcome is Outcome.ERROR and request.trace_id)
    return nsmallest(count, failures, key=lambda request: request.arrival.sequence)


def counts(requests: Iterable[Request]) -> dict[str, int]:
    """Count by outcome; `sent` is all but the dropped."""
    found = Counter(request.outcome for request in requests)
    return {"sent": found.total() - found[Outcome.DROPPED], **{outcome.value: found[outcome] for outcome in Outcome}}


def percentile(values: Iterable[float], percent: float) -> float | None:
    """Exact, by nearest rank; None of nothing."""
    ranked = sorted(values)
    return ranked[max(math.ceil(len(ranked) * percent / 100), 1) - 1] if ranked else None
