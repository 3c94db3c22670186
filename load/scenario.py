"""What to send and when, as a person writes it: a TOML file with a route mix and phases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from load import catalogue, document, quantity
from load.errors import WrongUse

MOST_RATE = 2_000  # requests a second
MOST_MINUTES = 60
MOST_REQUESTS = 200_000  # the report keeps every one in memory

Route = Literal["POST /orders", "GET /orders/{id}", "GET /products"]
ROUTES: tuple[Route, ...] = get_args(Route)
Rate = Annotated[float, Meta(gt=0, le=MOST_RATE)]
Percent = Annotated[float, Meta(gt=0, le=100)]

_FOLDER = Path(__file__).with_name("scenarios")


def _usual_mix() -> dict[Route, float]:
    return {"POST /orders": 5, "GET /orders/{id}": 3, "GET /products": 2}


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A stretch of the run. `rate` is requests a second; with `ramp_to` it changes evenly to that until the end."""

    name: Annotated[str, Meta(min_length=1, max_length=24)]
    duration: str
    rate: Rate
    ramp_to: Rate | None = None
    arrivals: Literal["poisson", "constant"] = "poisson"
    fault: str | None = None  # carried by `percent` of the requests
    percent: Percent = 100

    def __post_init__(self) -> None:
        if not self.name.isprintable():
            raise ValueError(f"name {self.name!r} must be printable")
        if self.milliseconds <= 0:
            raise ValueError(f"duration {self.duration!r} must be longer than nothing")
        if self.fault is not None:
            catalogue.canonical(self.fault)

    @property
    def milliseconds(self) -> float:
        """How long it takes."""
        return quantity.milliseconds(self.duration)

    @property
    def last_rate(self) -> float:
        """Requests a second at the phase's end."""
        return self.rate if self.ramp_to is None else self.ramp_to

    @property
    def expected_requests(self) -> float:
        """How many requests it makes, on average."""
        return (self.rate + self.last_rate) / 2 * self.milliseconds / 1_000


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Phases, one after the other; `mix` is each route's weight."""

    phase: tuple[Phase, ...]
    about: str = ""
    mix: dict[Route, Annotated[float, Meta(ge=0, le=1_000_000)]] = msgspec.field(default_factory=_usual_mix)

    def __post_init__(self) -> None:
        names = [phase.name for phase in self.phase]
        if not names or len(set(names)) < len(names):
            raise ValueError("phase must be there at least once, each with a name of its own")
        if not self.about.isprintable():
            raise ValueError("about must be one printable line")
        if not sum(self.mix.values()) > 0:
            raise ValueError(f"mix must give a weight above 0 to one of {', '.join(ROUTES)}")
        if self.mix.get("GET /orders/{id}") and not self.mix.get("POST /orders"):
            raise ValueError("mix reads orders, so it must make some: give POST /orders a weight too")
        minutes = sum(phase.milliseconds for phase in self.phase) / 60_000
        if minutes > MOST_MINUTES:
            raise ValueError(f"the phases take {minutes:g} minutes together; {MOST_MINUTES} is the most")
        requests = sum(phase.expected_requests for phase in self.phase)
        if requests > MOST_REQUESTS:
            raise ValueError(f"the phases make {requests:,.0f} requests together; {MOST_REQUESTS:,} is the most")


def names() -> list[str]:
    """Scenarios that come with the program, `steady` among them."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def find(name: str) -> Scenario:
    """Read a scenario by its name, or from the path of a TOML file; WrongUse says what is wrong."""
    if name.endswith(".toml"):
        return document.read(Path(name), Scenario)
    if name not in names():
        raise WrongUse(f"There is no scenario {name!r}; there are: {', '.join(names())}, or name a FILE.toml.")
    return document.read(_FOLDER / f"{name}.toml", Scenario)
