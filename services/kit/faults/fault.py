"""What a fault is: something that stands around the handling of a request."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from services.kit.database import Database

Handle = Callable[[], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Here:
    """Where a fault acts.

    `episodes` are faults that every request of this process meets until a moment (monotonic seconds), carried or not.
    """

    service: str
    database: Database | None
    episodes: list[tuple[float, Fault]] = field(default_factory=list)

    def lasting(self, fault: Fault, seconds: float) -> None:
        """Let every request meet a fault for so long from now on; said again of the same one, it lasts longer."""
        self.episodes[:] = [each for each in self.episodes if each[1] is not fault]
        self.episodes.append((time.monotonic() + seconds, fault))

    @property
    def own_database(self) -> Database:
        """The database; the catalogue lists no service without one for the faults that need it."""
        if self.database is None:
            raise LookupError(f"{self.service} has no database")
        return self.database


class Fault(Protocol):
    """Trouble in a service."""

    async def meet(self, here: Here, request: Request, handle: Handle) -> Response:
        """Act before, after or instead of the handler, which `handle` runs."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: `parse` reads its parameter (ValueError where it is nonsense).

    Most act in the service that they name. `reaches(named, service)` says otherwise where a caller has to act.
    """

    parse: Callable[[str, str], Any]  # parameter, service named -> Fault
    reaches: Callable[[str, str], bool] = lambda named, service: named == service


def kind(parse: Callable[[str], Any]) -> Kind:
    """A kind that acts in the service named, and need not know which that is."""
    return Kind(lambda parameter, _: parse(parameter))


def plain(fault: Any) -> Kind:
    """A kind without a parameter."""

    def parse(parameter: str) -> Any:
        if parameter:
            raise ValueError(parameter)
        return fault

    return kind(parse)
