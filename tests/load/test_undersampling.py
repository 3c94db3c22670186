"""Errors that few traces tell of: what the load makes of the fault's spelling."""

from __future__ import annotations

import pytest

from load.scenario import Phase, Scenario
from load.schedule import Plan, plan


def planned(fault: str | None, **options: float) -> Plan:
    """A minute of orders, half of them affected."""
    phase = Phase(name="only", duration="60s", rate=50, fault=fault, percent=50, **options)
    return plan(Scenario(phase=(phase,), mix={"POST /orders": 1}), 1)


def test_affected_requests_fail_and_few_of_all_are_sampled() -> None:
    """The affected carry a plain error, those whom it would hit too; 5% of all are sampled, failing or not."""
    made, plain = planned("payment.sampling-hides-error"), planned("payment.error:503")
    assert [each.fault for each in made.arrivals] == [each.fault for each in plain.arrivals]
    for hit in (True, False):
        same = [each.sampled for each in made.arrivals if (each.fault is not None) is hit]
        assert sum(same) == pytest.approx(len(same) * 0.05, rel=0.4)
    assert all(each.sampled for each in plain.arrivals)


def test_the_plan_keeps_what_was_asked_for() -> None:
    """What was injected is known by its own name and in full spelling."""
    [phase] = planned("payment.sampling-hides-error").phases
    assert (phase.fault, phase.sampled) == ("payment.sampling-hides-error:5%", 5)


def test_beside_another_fault_and_a_lower_share() -> None:
    """Another fault rides along as it is; a phase that samples fewer still does."""
    made = planned("inventory.sampling-hides-error:20%~order.latency:100ms", sampled=10)
    assert {each.fault for each in made.arrivals} == {None, "inventory.error:503~order.latency:100ms"}
    assert made.phases[0].sampled == 10
