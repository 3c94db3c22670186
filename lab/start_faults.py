"""Faults that a shop is started with (scope `start` in the catalogue): what each changes in a service's processes.

Two are for the last replica alone, which then differs from the others; the rest meet every process of the service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from load.errors import WrongUse

_OF_THE_LAST = frozenset({"slow-replica", "bad-canary"})


@dataclass(frozen=True, slots=True)
class StartFault:
    """One fault of one service; `parameter` in the catalogue's spelling, empty where it has none."""

    service: str
    name: str
    parameter: str = ""

    def __str__(self) -> str:
        return f"{self.service}.{self.name}" + (f":{self.parameter}" if self.parameter else "")

    @property
    def of_the_last(self) -> bool:
        """Whether only the last replica meets it, so that there must be another."""
        return self.name in _OF_THE_LAST

    @property
    def version(self) -> str:
        """What the process says of itself as service.version; all others are 1."""
        return "2" if self.name == "bad-canary" else "1"

    @property
    def wire_delay(self) -> float:
        """Seconds that a request and its answer spend on the wire to the service."""
        return float(self.parameter.removesuffix("ms")) / 1000 if self.name == "network-delay" else 0.0

    @property
    def environment(self) -> Mapping[str, str]:
        """What the process is told."""
        match self.name:
            case "slow-replica":
                return {"TRACELAB_STANDING_FAULTS": f"{self.service}.latency:{self.parameter}"}
            case "bad-canary":
                return {"TRACELAB_STANDING_FAULTS": f"{self.service}.error:{self.parameter}"}
            case "clock-skew":
                return {"TRACELAB_CLOCK_SKEW_MS": self.parameter.removesuffix("ms")}
            case "lost-spans":
                return {"OTEL_BSP_MAX_QUEUE_SIZE": self.parameter, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": self.parameter}
            case "missing-instrumentation":
                return {"OTEL_SDK_DISABLED": "true"}
            case _:
                return {}


def read(texts: Iterable[str]) -> dict[str, StartFault]:
    """Read `SERVICE.FAULT[:PARAM]`, alone or joined by `~`, by service; WrongUse says what is wrong."""
    from load import catalogue  # slow to import, and most shops start without any

    found: dict[str, StartFault] = {}
    for text in "~".join(texts).split("~") if texts else ():
        try:
            service, _, rest = catalogue.canonical_at_start(text).partition(".")
        except ValueError as error:
            raise WrongUse(f"--with: {error}.") from None
        if service in found:
            raise WrongUse(
                f"--with: {text!r} cannot be beside {str(found[service])!r}; a service starts with one fault."
            )
        name, _, parameter = rest.partition(":")
        found[service] = StartFault(service, name, parameter)
    return found
