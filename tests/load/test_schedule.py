"""The schedule: everything is decided beforehand, from the seed alone."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest

from load.scenario import Phase, Scenario, find, names
from load.schedule import plan


def written(made):
    """A plan as bytes."""
    return msgspec.json.encode(made)


def one_phase(**settings):
    """A scenario of one phase called p."""
    return Scenario(phase=(Phase(name="p", **settings),))


def test_same_seed_gives_the_same_bytes():
    """The same seed gives the same plan byte for byte, today and on every machine; another seed gives another."""
    scenario = find("slow-payment")
    assert written(plan(scenario, 7)) == written(plan(scenario, 7))
    assert written(plan(scenario, 7)) != written(plan(scenario, 8))
    times = ",".join(f"{each.at}{each.route}{each.fault}" for each in plan(scenario, 7).arrivals)
    assert hashlib.sha256(times.encode()).hexdigest()[:16] == "bb6583f7ba30ab9b"


@pytest.mark.parametrize("name", names())
def test_shipped_scenarios_make_plans(name):
    """Every scenario that comes with the program can be planned, in order of time, numbered from nought."""
    made = plan(find(name), 1)
    assert [each.sequence for each in made.arrivals] == list(range(len(made.arrivals)))
    assert all(before.at <= after.at for before, after in pairwise(made.arrivals))


def test_affected_share():
    """The share of requests that carry the fault is the one asked for, and only the fault's phase has any."""
    baseline = Phase(name="baseline", duration="100s", rate=50)
    broken = Phase(name="fault", duration="100s", rate=50, fault="payment.latency:300ms", percent=20)
    arrivals = plan(Scenario(phase=(baseline, broken)), 3).arrivals
    assert not any(each.fault for each in arrivals if each.phase == 0)
    inside = [each.fault for each in arrivals if each.phase == 1 and each.route != "GET /products"]
    assert sum(map(bool, inside)) / len(inside) == pytest.approx(0.2, abs=0.026)  # 4 standard deviations of 4,000
    assert not any(each.fault for each in arrivals if each.route == "GET /products")  # it never comes to payment
    assert set(inside) == {None, "payment.latency:300ms"}


def test_a_bigger_share_adds_and_never_moves():
    """Raising the percentage hits more requests, keeps those hit before, and leaves times and routes alone."""
    few, many = (
        plan(one_phase(duration="20s", rate=50, fault="order.error", percent=percent), 1).arrivals
        for percent in (10, 30)
    )
    assert [(each.at, each.route) for each in few] == [(each.at, each.route) for each in many]
    hit_by_few = {each.sequence for each in few if each.fault}
    assert hit_by_few < {each.sequence for each in many if each.fault}
    assert all(each.fault == "order.error:503" for each in many if each.fault)


def test_constant_arrivals_are_evenly_spaced():
    """Constant arrivals at 20/s are 50 ms apart, from the start of the phase."""
    arrivals = plan(one_phase(duration="2s", rate=20, arrivals="constant"), 1).arrivals
    assert [each.at for each in arrivals] == [pytest.approx(50_000 * number, abs=1) for number in range(40)]


def test_poisson_arrivals():
    """Poisson arrivals have the rate asked for, and gaps whose spread equals their mean, as exponential ones have."""
    times = [each.at for each in plan(one_phase(duration="100s", rate=50), 1).arrivals]
    gaps = [after - before for before, after in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert len(times) == pytest.approx(5_000, abs=4 * 5_000**0.5)
    assert spread == pytest.approx(mean, rel=0.1)


@pytest.mark.parametrize(("rate", "ramp_to", "first_half"), [(10, 30, 150), (30, 10, 250)])
def test_ramp(rate, ramp_to, first_half):
    """A ramp's rate changes evenly: 400 requests in 20 s, and in the first half as many as the line's area says."""
    phase = {"duration": "20s", "rate": rate, "ramp_to": ramp_to, "arrivals": "constant"}
    times = [each.at for each in plan(one_phase(**phase), 1).arrivals]
    assert len(times) == 400
    assert sum(at < 10_000_000 for at in times) == pytest.approx(first_half, abs=1)
    assert times[-1] < 20_000_000


@pytest.mark.parametrize(("rate", "ramp_to"), [(10, 40), (40, 10)])
def test_steps(rate, ramp_to):
    """A ramp in four steps keeps each rate for a quarter of the time: a staircase from the first rate to the last."""
    settings = {"duration": "40s", "rate": rate, "ramp_to": ramp_to, "steps": 4, "arrivals": "constant"}
    made = plan(one_phase(**settings), 1)
    stairs = Counter(each.at // 10_000_000 for each in made.arrivals)
    expected = [100, 200, 300, 400] if rate < ramp_to else [400, 300, 200, 100]
    assert [stairs[step] for step in range(4)] == [pytest.approx(each, abs=1) for each in expected]
    assert sum(stairs.values()) == pytest.approx(made.phases[0].expected_requests, abs=1)


def test_steps_lead_somewhere():
    """Steps without the rate that they lead to are refused."""
    with pytest.raises(ValueError, match=r"steps: .* ramp_to"):
        one_phase(duration="1s", rate=1, steps=3)


def test_sampled():
    """The share that may be traced is kept, adds and never moves, and has nothing to do with who is hit."""
    half, most, none = (
        plan(one_phase(duration="40s", rate=50, fault="gateway.error", percent=50, sampled=percent), 1).arrivals
        for percent in (50, 90, 0)
    )
    assert not any(each.sampled for each in none)
    assert [replace(each, sampled=True) for each in half] == [replace(each, sampled=True) for each in most]
    assert {each.sequence for each in half if each.sampled} < {each.sequence for each in most if each.sampled}
    assert sum(each.sampled for each in half) == pytest.approx(len(half) / 2, rel=0.15)
    assert sum(each.sampled for each in half if each.fault) == pytest.approx(len(half) / 4, rel=0.2)


def test_no_read_before_an_order():
    """Whatever the seed, an order comes before the first read of one."""
    scenario = Scenario(
        phase=(Phase(name="p", duration="1s", rate=20),), mix={"POST /orders": 1, "GET /orders/{id}": 99}
    )
    for seed in range(20):
        routes = [each.route for each in plan(scenario, seed).arrivals]
        assert routes[:1] in ([], ["POST /orders"])
        assert "GET /orders/{id}" in routes
