"""What must hold of a run, as a person writes it: `p99 < 300ms`, `POST /orders: error_rate < 1%`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from load import quantity

PERCENTILES = {"p50": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "p99.9": 99.9, "max": 100.0}
UNITS = {**dict.fromkeys(PERCENTILES, "ms"), "error_rate": "%", "rate": "/s", "dropped": ""}

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EXPECTED = {"ms": "a duration such as 300ms", "%": "a share such as 1%", "/s": "a pace such as 9.5/s", "": "a count"}
_SPELLING = re.compile(r"(?:(?P<route>[A-Z]+ /\S*): *)?(?P<metric>[\w.]+) *(?P<comparison>[<>]=?) *(?P<bound>\S+)")


@dataclass(frozen=True, slots=True)
class Threshold:
    """What must hold of one route, or of all where `route` is None; `bound` in `unit`: ms, %, /s or a plain count."""

    route: str | None
    metric: str
    comparison: str
    bound: float
    expression: str  # without the route, evenly spaced

    @property
    def unit(self) -> str:
        """What the bound and what is measured are counted in."""
        return UNITS[self.metric]

    def holds(self, measured: float) -> bool:
        """Whether a measured value is within the bound."""
        return _COMPARISONS[self.comparison](measured, self.bound)


def parse(text: str, routes: Collection[str]) -> Threshold:
    """Read `[ROUTE: ]METRIC < BOUND`; ValueError says what was expected."""
    match = _SPELLING.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a threshold such as p99 < 300ms or POST /orders: error_rate < 1%")
    route, metric, comparison, bound = match.groups()
    if route is not None and route not in routes:
        raise ValueError(f"{text!r} names no route; there are: {', '.join(routes)}")
    if metric not in UNITS:
        raise ValueError(f"{text!r} measures nothing known; there are: {', '.join(UNITS)}")
    try:
        value = _number(bound, UNITS[metric])
    except ValueError:
        raise ValueError(f"{text!r} needs {_EXPECTED[UNITS[metric]]} after {comparison}") from None
    return Threshold(route, metric, comparison, value, f"{metric} {comparison} {bound}")


def _number(text: str, unit: str) -> float:
    if unit == "ms":
        return quantity.milliseconds(text)
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)" + re.escape(unit), text)
    if match is None:
        raise ValueError(text)
    return float(match[1])
