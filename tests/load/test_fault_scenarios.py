"""Every fault that rides on a request can be tried by a scenario that really shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from load import catalogue, scenario, schedule
from load.scenario import ROUTES

DOCS = Path(__file__).parents[2] / "docs"
CARRIED = {
    phase.fault: name for name in scenario.names() for phase in scenario.find(name).phase if phase.fault is not None
}
RIDING = [name for name, fault in catalogue.catalogue().items() if fault.scope == "request"]


@pytest.mark.parametrize("name", RIDING)
def test_a_scenario_for_each(name):
    """Some shipped scenario's fault phase carries it, after a baseline and before a recovery."""
    [found, *_] = [where for fault, where in CARRIED.items() if f".{name}" in re.sub(r":[^~]*", "", fault)]
    names = [phase.name for phase in scenario.find(found).phase]
    assert names[0] == "baseline"
    assert "recovery" in names


@pytest.mark.parametrize("name", sorted(set(CARRIED.values())))
def test_it_hits_what_can_show_it(name):
    """Its plan hits several requests, each on a route on which the fault can show, and not all that there are."""
    plan = schedule.plan(scenario.find(name), 1)
    hit = [arrival for arrival in plan.arrivals if arrival.fault]
    assert len(hit) >= 3
    assert len(hit) < len(plan.arrivals)
    assert all(catalogue.can_show(arrival.fault, arrival.route) for arrival in hit)


def test_a_fault_is_not_given_to_those_that_cannot_show_it():
    """serial-fan-out shows on reading an order only; joined with one that shows anywhere, anywhere."""
    assert catalogue.can_show("gateway.serial-fan-out", "GET /orders/{id}")
    assert not catalogue.can_show("gateway.serial-fan-out", "POST /orders")
    assert catalogue.can_show("gateway.serial-fan-out~order.latency:1ms", "POST /orders")


def test_every_fault_is_documented():
    """docs/faults.md has a line for each fault of the catalogue, and none for one that there is not."""
    listed = re.findall(r"^\| `([a-z-]+)`", (DOCS / "faults.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(catalogue.catalogue())


def test_a_fault_is_not_given_to_those_that_do_not_reach_its_service():
    """Reading an order never comes to inventory, and listing the products comes neither to order nor to payment."""
    reached = {
        service: [route for route in ROUTES if catalogue.can_show(f"{service}.latency:1ms", route)]
        for service in ("gateway", "order", "payment", "inventory")
    }
    assert reached == {
        "gateway": list(ROUTES),
        "order": ["POST /orders", "GET /orders/{id}"],
        "payment": ["POST /orders", "GET /orders/{id}"],
        "inventory": ["POST /orders", "GET /products"],
    }
