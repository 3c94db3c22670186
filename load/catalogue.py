"""The faults there are, and the reading of their one spelling: `SERVICE.FAULT[:PARAM]`, several joined by `~`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from load import document, quantity
from load.errors import WrongUse

_FILE = Path(__file__).with_name("catalogue.toml")
_MOST = 3  # faults that one request may carry


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set about a fault; all texts as they are written in the fault's spelling."""

    kind: Literal["duration", "status"]
    default: str
    least: str
    most: str

    def __post_init__(self) -> None:
        self.canonical(self.default)

    def canonical(self, text: str) -> str:
        """Rewrite a parameter in the services' spelling; ValueError where it is nonsense or out of bounds."""
        if not self._value(self.least) <= self._value(text) <= self._value(self.most):
            raise ValueError(f"{text!r} is not within {self.least}..{self.most}")
        return text if self.kind == "status" else quantity.written(quantity.milliseconds(text))

    def _value(self, text: str) -> float:
        if self.kind == "duration":
            return quantity.milliseconds(text)
        if not re.fullmatch(r"[0-9]{3}", text):
            raise ValueError(f"{text!r} is not an HTTP status such as {self.default}")
        return int(text)


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of trouble."""

    services: tuple[str, ...]
    scope: Literal["request", "start"]
    parameter: Parameter
    seen: str
    signature: str


Catalogue = dict[str, Fault]


@cache
def catalogue(path: Path = _FILE) -> Catalogue:
    """Read the catalogue, by name of the fault."""
    return document.read(path, Catalogue)


def canonical(text: str, known: Catalogue | None = None) -> str:
    """Check `SERVICE.FAULT[:PARAM]`, or several joined by `~`, and fill in defaults; ValueError says what is wrong."""
    faults = text.split("~")
    if len(faults) > _MOST:
        raise ValueError(f"{text!r} holds {len(faults)} faults; a request carries {_MOST} at most")
    return "~".join(_canonical(fault, catalogue() if known is None else known) for fault in faults)


def find(name: str) -> Fault:
    """Look a fault up; WrongUse lists those there are."""
    try:
        return catalogue()[name]
    except KeyError:
        raise WrongUse(f"There is no fault {name!r}; there are: {', '.join(catalogue())}.") from None


def _canonical(text: str, known: Catalogue) -> str:
    match = re.fullmatch(r"([a-z-]+)\.([a-z0-9-]+)(?::(.*))?", text)
    if match is None:
        raise ValueError(f"{text!r} is not SERVICE.FAULT[:PARAM], such as payment.latency:300ms")
    service, name, parameter = match.groups()
    fault = known.get(name)
    if fault is None:
        raise ValueError(f"{text!r} names no known fault; there are: {', '.join(known)}")
    if service not in fault.services:
        raise ValueError(f"{text!r} cannot be: {name} works in {', '.join(fault.services)}")
    if fault.scope == "start":
        raise ValueError(f"{text!r} cannot ride on a request; start the shop with it: tracelab up --with {text}")
    return f"{service}.{name}:{fault.parameter.canonical(fault.parameter.default if parameter is None else parameter)}"
