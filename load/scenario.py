"""What to send and when, as a person writes it: a TOML file with a route mix and phases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from load import catalogue, document, quantity, threshold
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
    """A stretch of the run. `rate` is requests a second; with `ramp_to` it changes to that until the end."""

    name: Annotated[str, Meta(min_length=1, max_length=24)]
    duration: str
    rate: Rate
    ramp_to: Rate | None = None
    steps: Annotated[int, Meta(ge=2, le=100)] | None = None  # it changes in so many, equally long; evenly without
    arrivals: Literal["poisson", "constant"] = "poisson"
    fault: str | None = None  # carried by `percent` of the requests
    percent: Percent = 100
    sampled: Annotated[float, Meta(ge=0, le=100)] = 100  # percent about which OTEL_TRACES_SAMPLER is asked
    thresholds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.isprintable():
            raise ValueError(f"name: {self.name!r} must be printable")
        with _naming("duration"):
            if self.milliseconds <= 0:
                raise ValueError(f"{self.duration!r} must be longer than nothing")
        with _naming("fault"):
            if self.fault is not None:
                catalogue.canonical(self.fault)
        _check(self.thresholds)
        if self.steps is not None and self.ramp_to is None:
            raise ValueError("steps: they lead from rate to ramp_to, so give that too")

    @property
    def milliseconds(self) -> float:
        """How long it takes."""
        return quantity.milliseconds(self.duration)

    @property
    def last_rate(self) -> float:
        """Requests a second at the phase's end."""
        return self.rate if self.ramp_to is None else self.ramp_to

    @property
    def pieces(self) -> tuple[tuple[float, float], ...]:
        """Requests a second at the begin and at the end of each equally long piece within which they change evenly."""
        if self.steps is None:
            return ((self.rate, self.last_rate),)
        height = (self.last_rate - self.rate) / (self.steps - 1)
        return tuple((self.rate + height * step,) * 2 for step in range(self.steps))

    @property
    def expected_requests(self) -> float:
        """How many requests it makes, on average."""
        return (self.rate + self.last_rate) / 2 * self.milliseconds / 1_000


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Phases, one after the other; `mix` is each route's weight; `thresholds` are those of the whole run."""

    phase: tuple[Phase, ...]
    about: str = ""
    thresholds: tuple[str, ...] = ()
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
        _check(self.thresholds)
        minutes = self.milliseconds / 60_000
        if minutes > MOST_MINUTES:
            raise ValueError(f"the phases take {minutes:g} minutes together; {MOST_MINUTES} is the most")
        requests = sum(phase.expected_requests for phase in self.phase)
        if requests > MOST_REQUESTS:
            raise ValueError(f"the phases make {requests:,.0f} requests together; {MOST_REQUESTS:,} is the most")

    @property
    def milliseconds(self) -> float:
        """How long all phases take."""
        return sum(phase.milliseconds for phase in self.phase)


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


def _check(thresholds: Iterable[str]) -> None:
    with _naming("thresholds"):
        for text in thresholds:
            threshold.parse(text, ROUTES)


@contextmanager
def _naming(key: str) -> Iterator[None]:
    """Put the key before what is wrong with its value."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
