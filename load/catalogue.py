"""The faults there are, and the reading of their one spelling: `SERVICE.FAULT[:PARAM]`, several joined by `~`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from load import document
from load.errors import WrongUse
from load.parameter import Parameter

_FILE = Path(__file__).with_name("catalogue.toml")
_MOST = 3  # faults that one request may carry


Scope = Literal["request", "start", "load"]


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of trouble; a contagious one hurts requests that do not carry it.

    `routes` are those on which it can show, where that is not each one that reaches the service. `alike` names the
    faults that its traces may not be told from.
    """

    services: tuple[str, ...]
    scope: Scope
    seen: str
    signature: str
    parameter: Parameter | None = None
    routes: tuple[str, ...] = ()
    contagious: bool = False
    alike: tuple[str, ...] = ()


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
    return "~".join(_canonical(fault, catalogue() if known is None else known, at_start=False) for fault in faults)


def canonical_at_start(text: str, known: Catalogue | None = None) -> str:
    """Check one `SERVICE.FAULT[:PARAM]` that a shop is to start with, and fill in its default; ValueError likewise."""
    return _canonical(text, catalogue() if known is None else known, at_start=True)


# Who has a part in what; the gateway in everything.
_REACHED = {
    "gateway": ("POST /orders", "GET /orders/{id}", "GET /products"),
    "order": ("POST /orders", "GET /orders/{id}"),
    "payment": ("POST /orders", "GET /orders/{id}"),
    "inventory": ("POST /orders", "GET /products"),
}


def can_show(text: str, route: str) -> bool:
    """Whether a fault, or one of several, can show on a route: it reaches the service, and takes part there."""
    asked = [each.partition(":")[0].partition(".") for each in text.split("~")]
    return any(route in (find(name).routes or _REACHED[service]) for service, _, name in asked)


def find(name: str) -> Fault:
    """Look a fault up; WrongUse lists those there are."""
    try:
        return catalogue()[name]
    except KeyError:
        raise WrongUse(f"There is no fault {name!r}; there are: {', '.join(catalogue())}.") from None


def _canonical(text: str, known: Catalogue, *, at_start: bool) -> str:
    match = re.fullmatch(r"([a-z-]+)\.([a-z0-9-]+)(?::(.*))?", text)
    if match is None:
        raise ValueError(f"{text!r} is not SERVICE.FAULT[:PARAM], such as payment.latency:300ms")
    service, name, parameter = match.groups()
    fault = known.get(name)
    if fault is None:
        raise ValueError(f"{text!r} names no known fault; there are: {', '.join(known)}")
    if service not in fault.services:
        raise ValueError(f"{text!r} cannot be: {name} works in {', '.join(fault.services)}")
    if at_start and fault.scope != "start":
        raise ValueError(f"{text!r} is nothing to start with; send it: tracelab load SCENARIO --fault {text}")
    if fault.scope == "start" and not at_start:
        raise ValueError(f"{text!r} cannot ride on a request; start the shop with it: tracelab up --with {text}")
    return f"{service}.{name}" + _parameter(text, fault.parameter, parameter)


def _parameter(text: str, known: Parameter | None, given: str | None) -> str:
    if known is None:
        if given is not None:
            raise ValueError(f"{text!r} cannot be: this fault takes no parameter")
        return ""
    return ":" + known.canonical(known.default if given is None else given)
