"""One trial: what is broken, how hard, for whom, and how customers come; enough to run it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from load import catalogue

USUAL: dict[str, float] = {"POST /orders": 6, "GET /orders/{id}": 3, "GET /products": 1}


@dataclass(frozen=True, slots=True)
class Trial:
    """What one trial does; without faults it is healthy.

    `faults` are spelt SERVICE.FAULT[:PARAM]; `percent` of the requests carry those that ride on requests. `rate` is
    requests a second, `seconds` the length of the baseline, the fault and the recovery (0: none). `busy` runs a
    neighbour beside it that takes a processor. `mix` is the weight of each route.
    """

    seed: int
    faults: tuple[str, ...] = ()
    percent: float = 30
    arrivals: str = "poisson"
    rate: float = 12
    seconds: tuple[float, float, float] = (8, 12, 0)
    mix: tuple[tuple[str, float], ...] = tuple(USUAL.items())
    busy: bool = False

    @property
    def at_start(self) -> tuple[str, ...]:
        """Those that a shop has to be started with."""
        return tuple(fault for fault in self.faults if catalogue.find(name(fault)).scope == "start")

    @property
    def on_requests(self) -> str:
        """Those that the load gives to requests, joined as a scenario has them."""
        return "~".join(fault for fault in self.faults if fault not in self.at_start)

    @property
    def is_healthy(self) -> bool:
        """Whether there is nothing to find: no fault, or a declined card, which is business."""
        return all(name(fault) == "declined" for fault in self.faults)

    @property
    def replicas(self) -> dict[str, int]:
        """How many processes of which service there are in both halves: one of two differs."""
        return {service(fault): 2 for fault in self.faults if name(fault) in ("slow-replica", "bad-canary")}

    def scenario(self, *phases: str) -> dict[str, Any]:
        """Make the scenario of some of its phases, as a TOML file would hold it."""
        lengths = dict(zip(("baseline", "fault", "recovery"), self.seconds, strict=True))
        return {
            "mix": dict(self.mix),
            "phase": [self._phase(phase, lengths[phase]) for phase in phases if lengths[phase]],
        }

    def _phase(self, phase: str, seconds: float) -> dict[str, Any]:
        told = {"name": phase, "duration": f"{seconds:g}s", "rate": self.rate, "arrivals": self.arrivals}
        broken = {"fault": self.on_requests, "percent": self.percent}
        return told | broken if phase == "fault" and self.on_requests else told


def service(fault: str) -> str:
    """Whose fault it is."""
    return fault.partition(".")[0]


def name(fault: str) -> str:
    """Which fault it is, without its service and parameter."""
    return fault.partition(".")[2].partition(":")[0]
