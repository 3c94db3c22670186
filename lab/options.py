"""What a shop is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab.start_faults import StartFault

SERVICES = ("gateway", "order", "payment", "inventory")


class WrongUse(Exception):
    """An option makes no sense."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Options:
    """One start of the shop."""

    state: Path
    backend: str = "builtin"  # builtin, jaeger, zipkin, or a query address
    database: str | None = None  # a PostgreSQL server's URL; SQLite files otherwise
    replicas: Mapping[str, int] = field(default_factory=dict)
    payment: str | None = None  # the address of a payment service that is not ours to start
    port_offset: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)  # for every process, over the launcher's own
    faults: Mapping[str, StartFault] = field(default_factory=dict)  # by service
    overlay: Path | None = None  # a folder with files that take the place of the shop's own
    traces: Path | None = None  # the folder of the built-in backend's file; that of all other data otherwise

    def __post_init__(self) -> None:
        if self.payment and (fault := self.faults.get("payment")):
            raise WrongUse(
                f"--with {fault} cannot be beside --payment {self.payment}: that service is not started here."
            )

    def count(self, service: str) -> int:
        """How many processes of a service: as many as asked for, but two at least where one is to differ."""
        fault = self.faults.get(service)
        return max(self.replicas.get(service, 1), 2 if fault and fault.of_the_last else 1)

    def fault(self, service: str, number: int) -> StartFault | None:
        """What the process of that number, counted from 1, starts with."""
        fault = self.faults.get(service)
        return None if fault and fault.of_the_last and number < self.count(service) else fault


def replicas(texts: list[str]) -> dict[str, int]:
    """Read `SERVICE=N` options."""
    found = {}
    for text in texts:
        name, _, number = text.partition("=")
        if name not in SERVICES[1:] or not number.isdecimal() or not 1 <= int(number) <= 9:
            raise WrongUse(f"--replicas {text}: expected SERVICE=N, with {', '.join(SERVICES[1:])}; N from 1 to 9.")
        found[name] = int(number)
    return found
