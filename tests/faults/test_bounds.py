"""The catalogue and the services agree on every parameter: its default, both bounds, and nothing beyond."""

from __future__ import annotations

import pytest

import gateway.faults
import services.inventory.faults
import services.order.faults
import services.payment.faults
from load.catalogue import catalogue
from load.parameter import Parameter
from services.kit.faults.kinds import KINDS
from services.payment.moods import moods

RIDING = {name: fault for name, fault in catalogue().items() if fault.scope == "request"}
OWN = {
    "gateway": gateway.faults.KINDS,
    "order": services.order.faults.KINDS,
    "payment": services.payment.faults.KINDS,
    "inventory": services.inventory.faults.KINDS,
}


def made(service: str, name: str, text: str) -> object:
    """What a service, or the card issuer behind it, makes of a fault; nothing where it refuses the parameter."""
    if name == "slow-dependency":
        return moods(f"fault={service}.{name}:{text}" if text else f"fault={service}.{name}")
    try:
        return {**KINDS, **OWN[service]}[name].parse(text, service)
    except ValueError:
        return None


def beyond(parameter: Parameter) -> list[str]:
    """A parameter just below the least and one just above the most."""
    below, above = ((bound, bound.lstrip("0123456789")) for bound in (parameter.least, parameter.most))
    return [f"{int(bound.removesuffix(unit)) + step}{unit}" for (bound, unit), step in ((below, -1), (above, 1))]


@pytest.mark.parametrize("name", RIDING)
def test_services_keep_the_catalogues_bounds(name: str) -> None:
    """Every service listed shows the fault; what it takes for the parameter is what the catalogue says."""
    fault = RIDING[name]
    for service in fault.services:
        assert made(service, name, "")
        if parameter := fault.parameter:
            assert made(service, name, "") == made(service, name, parameter.default)
            assert made(service, name, parameter.least)
            assert made(service, name, parameter.most)
            assert not any(made(service, name, text) for text in beyond(parameter))
        elif name != "declined":  # the issuer takes it, and reads no parameter
            assert not made(service, name, "1s")


def test_services_know_no_other_fault() -> None:
    """Each kind that a service reads is in the catalogue."""
    assert {*KINDS}.union(*OWN.values()) == RIDING.keys()
