"""The whole run beforehand, from a seed: when each request is due, where it goes, and whether it carries the fault.

Every decision is a hash of the seed, what is decided, and the request's number: the same seed gives the same plan to
the byte, on any machine, and one decision never shifts another. Trace ids play no part, since samplers decide by
their bits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count

from msgspec.structs import replace

from load import catalogue, undersampling
from load.scenario import ROUTES, Phase, Route, Scenario


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request that is due `at` microseconds after the start, in the phase with that index.

    `sampled` says whether the sampler is asked at all whether to trace it.
    """

    sequence: int
    phase: int
    at: int
    route: Route
    fault: str | None
    sampled: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """A scenario's phases and all its requests, in the order of their times."""

    seed: int
    phases: tuple[Phase, ...]
    arrivals: tuple[Arrival, ...]


def plan(scenario: Scenario, seed: int) -> Plan:
    """Make the schedule of a scenario; its faults are spelt in full from here on."""
    phases = tuple(map(_spelt, scenario.phase))
    return Plan(seed, phases, tuple(_arrivals(replace(scenario, phase=phases), seed)))


def draw(seed: int, what: str, number: int) -> float:
    """Draw evenly from [0, 1), always the same for the same arguments."""
    digest = blake2b(f"{seed}/{what}/{number}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / (1 << 53)


def _spelt(phase: Phase) -> Phase:
    if phase.fault is None:
        return phase
    fault = catalogue.canonical(phase.fault)
    return replace(phase, fault=fault, sampled=min(phase.sampled, undersampling.sampled(fault)))


def _arrivals(scenario: Scenario, seed: int) -> Iterator[Arrival]:
    sequence, begins, orders = 0, 0, 0
    for index, phase in enumerate(scenario.phase):
        fault = phase.fault and undersampling.carried(phase.fault)
        reachable = [route for route in ROUTES if fault and catalogue.can_show(fault, route)]
        for at in _times(phase, seed, sequence):
            route = _route(scenario, seed, sequence)
            if route == "GET /orders/{id}" and not orders:
                route = "POST /orders"  # there is nothing to read yet
            orders += route == "POST /orders"
            hit = draw(seed, "fault", sequence) * 100 < phase.percent and route in reachable
            sampled = draw(seed, "sampled", sequence) * 100 < phase.sampled
            yield Arrival(sequence, index, begins + at, route, fault if hit else None, sampled)
            sequence += 1
        begins += _microseconds(phase)


def _times(phase: Phase, seed: int, sequence: int) -> Iterator[int]:
    """Microseconds from the phase's start.

    Arrivals at unit rate (each 1 apart, or exponentially for Poisson) are mapped through the inverse of the rate's
    integral: Cinlar, Introduction to Stochastic Processes, 1975, section 4.7. For a rate that goes from r evenly by a
    per second, the integral r t + a t^2 / 2 = u is solved by t = 2 u / (r + sqrt(r^2 + 2 a u)), which holds for a = 0.
    """
    units = _units(phase, seed, sequence)
    unit, passed = next(units), 0.0
    seconds = phase.milliseconds / 1_000 / len(phase.pieces)
    for index, (first, last) in enumerate(phase.pieces):
        slope = (last - first) / seconds
        area = (first + last) / 2 * seconds
        while (left := unit - passed) < area:
            at = index * seconds + 2 * left / (first + math.sqrt(first**2 + 2 * slope * left))
            yield min(int(at * 1e6), _microseconds(phase) - 1)
            unit = next(units)
        passed += area


def _units(phase: Phase, seed: int, sequence: int) -> Iterator[float]:
    """Arrivals at unit rate, without end."""
    if phase.arrivals == "constant":
        yield from map(float, count())
    unit = 0.0
    for number in count(sequence):
        unit -= math.log(1 - draw(seed, "gap", number))
        yield unit


def _microseconds(phase: Phase) -> int:
    return round(phase.milliseconds * 1_000)


def _route(scenario: Scenario, seed: int, sequence: int) -> Route:
    left = draw(seed, "route", sequence) * sum(scenario.mix.values())
    weighed = [(route, scenario.mix[route]) for route in ROUTES if scenario.mix.get(route)]
    for route, weight in weighed:
        left -= weight
        if left < 0:
            return route
    return weighed[-1][0]  # rounding may leave a crumb
