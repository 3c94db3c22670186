"""Draws trials from a seed: the same seed, the same trial.

A strength is drawn between two bounds within which a person who knew the place would see it in the traces; a delay of
a millisecond is in the catalogue's bounds too, but nobody could tell it from nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from lab.evaluation.trial import USUAL, Trial, name
from load.catalogue import catalogue

_STRENGTHS: dict[str, tuple[float, float, str]] = {
    "latency": (80, 900, "ms"),
    "slow-query": (40, 150, ""),
    "n-plus-one": (8, 60, ""),
    "slow-dependency": (150, 1500, "ms"),
    "timeout-mismatch": (150, 500, "ms"),
    "retry-storm": (2, 4, ""),
    "breaker-open": (1500, 4000, "ms"),
    "blocked-loop": (150, 900, "ms"),
    "lock-contention": (200, 1000, "ms"),
    "pool-exhaustion": (300, 1500, "ms"),
    "thread-starvation": (300, 1500, "ms"),
    "cold-cache": (1000, 4000, "ms"),
    "large-payload": (8, 48, "MB"),
    "slow-tail": (500, 3000, "ms"),
    "metastable": (700, 1300, "ms"),
    "work-after-response": (100, 800, "ms"),
    "slow-replica": (100, 800, "ms"),
    "network-delay": (40, 300, "ms"),
    "lost-spans": (1, 2, ""),
    "sampling-hides-error": (3, 10, "%"),
}
_CONTAGIOUS = (4, 14)  # percent: each hurts many others
_ORDERS = {"POST /orders": 8.0, "GET /orders/{id}": 2.0}
_READS = {"POST /orders": 3.0, "GET /orders/{id}": 7.0}
_PRODUCTS = {"POST /orders": 1.0, "GET /products": 19.0}
_ERRORS = (500, 502, 503)
_NEEDS: dict[str, dict[str, Any]] = {  # what a fault needs to show at all, and little enough of what takes a processor
    "serial-fan-out": {"mix": tuple(_READS.items())},
    "cold-cache": {"mix": tuple(_PRODUCTS.items()), "rate": 25, "percent": 5},
    "slow-tail": {"rate": 10, "seconds": (8, 30, 0), "percent": 2.5},
    "metastable": {"rate": 14, "seconds": (8, 6, 12), "percent": 40},
    "breaker-open": {"seconds": (8, 15, 0), "percent": 5},
    "sampling-hides-error": {"rate": 25, "seconds": (8, 16, 0), "percent": 45},
    "lost-spans": {"rate": 30},
    "retry-storm": {"percent": 20},
    "slow-query": {"percent": 10},
}


def trial(seed: int) -> Trial:
    """Draw one trial: two in ten are healthy, and one in fifty has two faults at once, for not every fault can be one.

    Of 10,000 seeds 21.0% are healthy (drawn so, or with a declined card) and 1.9% have two.
    """
    dice = random.Random(seed)  # noqa: S311 - nothing to keep secret
    luck = dice.random()
    if luck < 0.2:
        return _healthy(seed, dice)
    one = _one(seed, dice)
    return _two(one, dice) if luck < 0.3 and _can_be_two(one) else one


def defaults(seed: int) -> Iterator[Trial]:
    """Every fault of the catalogue in each of its services, at its default strength."""
    for fault, entry in catalogue().items():
        for service in entry.services:
            default = f":{entry.parameter.default}" if entry.parameter else ""
            yield _suited(Trial(seed, (f"{service}.{fault}{default}",)))
            seed += 1


def calm(seed: int) -> Trial:
    """Draw a healthy trial."""
    return _healthy(seed, random.Random(seed))  # noqa: S311 - nothing to keep secret


def _healthy(seed: int, dice: random.Random) -> Trial:
    """Draw a trial with nothing to find: calm or busy, some with declined cards, some beside a noisy neighbour."""
    return Trial(
        seed,
        ("payment.declined",) if dice.random() < 0.25 else (),
        percent=dice.choice((10, 20, 40)),
        arrivals=dice.choice(("poisson", "constant")),
        rate=dice.choice((8, 12, 20, 30)),
        mix=tuple(dice.choice((USUAL, _ORDERS, _READS)).items()),
        busy=dice.random() < 0.25,
    )


def one_of(seed: int, faults: Sequence[str]) -> Trial:
    """Draw a trial with one of some faults."""
    return _one(seed, random.Random(seed), faults)  # noqa: S311 - nothing to keep secret


def _one(seed: int, dice: random.Random, faults: Sequence[str] = ()) -> Trial:
    fault = dice.choice(faults or [fault for fault in catalogue() if fault != "declined"])
    service = dice.choice(catalogue()[fault].services)
    spelt = f"{service}.{fault}{_strength(fault, dice)}"
    contagious = catalogue()[fault].contagious
    return _suited(
        Trial(
            seed,
            (spelt,),
            percent=round(dice.uniform(*_CONTAGIOUS) if contagious else dice.uniform(12, 60), 1),
            arrivals=dice.choice(("poisson", "poisson", "constant")),
            rate=dice.choice((10, 12, 15)),
        )
    )


def _strength(fault: str, dice: random.Random) -> str:
    if fault in ("error", "bad-canary"):
        return f":{dice.choice(_ERRORS)}"
    if fault == "clock-skew":
        return f":{dice.choice(('-', ''))}{round(_between(200, 20000, dice))}ms"
    if fault not in _STRENGTHS:
        return ""
    least, most, unit = _STRENGTHS[fault]
    return f":{round(_between(least, most, dice))}{unit}"


def _between(least: float, most: float, dice: random.Random) -> float:
    """Draw so that doubling is as likely anywhere."""
    return float(least * (most / least) ** dice.random())


def _suited(trial: Trial) -> Trial:
    """Send what a fault needs to show at all: enough of its routes, long enough."""
    fault = name(trial.faults[0])
    contagious = catalogue()[fault].contagious
    trial = replace(trial, percent=min(trial.percent, _CONTAGIOUS[1])) if contagious else trial
    return replace(trial, **_NEEDS.get(fault, {}))


_TOGETHER = ("latency", "slow-query", "n-plus-one", "slow-dependency", "work-after-response", "large-payload")


def _can_be_two(trial: Trial) -> bool:
    return name(trial.faults[0]) in _TOGETHER


def _two(trial: Trial, dice: random.Random) -> Trial:
    """Add a second fault of another service that leaves the first one visible."""
    first = trial.faults[0]
    others = [
        f"{service}.{fault}{_strength(fault, dice)}"
        for fault in _TOGETHER
        for service in catalogue()[fault].services
        if not first.startswith(f"{service}.") and fault != name(first)
    ]
    return replace(trial, faults=(first, dice.choice(others)), mix=tuple(_ORDERS.items()))
