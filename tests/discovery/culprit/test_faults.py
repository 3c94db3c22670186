"""Each fault of the catalogue in made traces: named with its place and evidence when on, nobody when off."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from discovery.culprit import gather, telling
from discovery.culprit.detectors import ALL
from discovery.culprit.judge import FEWEST_TRACES, judge
from discovery.culprit.verdict import Verdict
from discovery.trace import Trace, assemble
from load.catalogue import catalogue
from tests.discovery.culprit.requests import traces

HEALTHY, TROUBLED = 60, 60

# What is different in the requests that meet a fault: the sign of each, and in how many of them it is.
FAULTS: Mapping[str, tuple[dict[str, Any], int]] = {
    "gateway.latency": ({"lead": "gateway=300000"}, 3),
    "payment.latency": ({"lead": "payment=120000"}, 3),
    "order.slow-query": ({"statement": "order=200000"}, 3),
    "payment.n-plus-one": ({"repeats": "payment=20"}, 3),
    "order.n-plus-one": ({"repeats": "order=12"}, 3),
    "payment.slow-dependency": ({"issuer": "=700000"}, 3),
    "gateway.serial-fan-out": ({"serial": ""}, 1),
    "order.network-delay": ({"wire": "order=100000"}, 1),
    "order.blocked-loop": ({"loop": "order=300000"}, 4),
    "payment.thread-starvation": ({"thread": "payment=400000"}, 4),
    "order.pool-exhaustion": ({"pool": "order=500000"}, 4),
    "inventory.lock-contention": ({"lock": "inventory=400000", "held": "inventory=400000"}, 4),
    "inventory.large-payload": ({"body": "inventory=16000000"}, 3),
    "gateway.cold-cache": ({"cold": ""}, 1),
    "payment.slow-tail": ({"lead": "payment=2000000"}, 40),
    "payment.slow-replica": ({"lead": "payment=300000", "replica": "payment"}, 3),
    "payment.bad-canary": ({"refuse": "payment", "replica": "payment"}, 3),
    "inventory.error": ({"refuse": "inventory"}, 3),
    "gateway.error": ({"refuse": "gateway"}, 3),
    "inventory.exception": ({"exception": "inventory"}, 3),
    "payment.partial-failure": ({"refuse": "payment", "only": "POST /payments/{payment}/capture"}, 3),
    "inventory.service-down": ({"down": "inventory", "attempts": "=3"}, 3),
    "order.timeout-mismatch": ({"issuer": "=700000", "patience": "order=300000"}, 3),
    "payment.metastable": ({"issuer": "=700000", "patience": "order=300000", "attempts": "=3"}, 3),
    "order.retry-storm": ({"issuer fails": "", "attempts": "=3"}, 3),
    "order.swallowed-error": ({"swallowed": ""}, 3),
    "order.double-charge": ({"twice": ""}, 3),
    "inventory.work-after-response": ({"afterwards": "inventory"}, 3),
    "order.broken-propagation": ({"untold": "order"}, 3),
    "payment.missing-instrumentation": ({"silent": "payment"}, 1),
    "payment.lost-spans": ({"lost": "payment"}, 4),
    "inventory.clock-skew": ({"skew": "inventory=-5000000"}, 1),
}
MANY = {"payment.slow-tail": 8, "gateway.cold-cache": 5}  # times as many requests, of which few or few routes show it


def verdict(healthy: list[Trace], troubled: list[Trace]) -> Verdict:
    """Ask."""
    return judge(gather.of_windows(healthy, troubled))


@pytest.fixture(scope="module")
def healthy() -> list[Trace]:
    """A healthy time."""
    return traces(0, HEALTHY)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named(name: str, healthy: list[Trace]):
    """Service and fault are right, the evidence is in traces of that time, and its spans are there."""
    knobs, every = FAULTS[name]
    bent = traces(1_000, TROUBLED * MANY.get(name, 1), knobs, every)
    found = verdict(healthy, bent)
    assert f"{found.service}.{found.fault}" == name, found.reason
    assert found.operation
    assert found.evidence
    index = {trace.trace_id: trace.index for trace in bent}
    for evidence in found.evidence:
        assert evidence.span_ids
        assert set(evidence.span_ids) <= set(index[evidence.trace_id])


def test_what_was_repaired_is_said(healthy: list[Trace], capsys: pytest.CaptureFixture[str]):
    """The example is drawn with clocks set right, and a sentence says whose clock that was and how far it was moved."""
    case = gather.of_windows(healthy, traces(1_000, TROUBLED, *FAULTS["inventory.clock-skew"]))
    telling.tell(judge(case), case, None)
    said = " ".join(capsys.readouterr().out.split())
    assert "The clock of inventory" in said
    assert "5.00 s behind its caller's" in said
    assert "5.00 s later than recorded" in said


def test_names_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]):
    """Control characters in a service's name never reach the terminal, in the table as little as elsewhere."""
    bent = [
        assemble(replace(each, service=each.service.replace("payment", "pay\x1b[2Jment")) for each in trace.spans)
        for trace in (*traces(0, HEALTHY), *traces(1_000, TROUBLED, *FAULTS["payment.latency"]))
    ]
    case = gather.of_windows(bent[:HEALTHY], bent[HEALTHY:])
    telling.tell(judge(case), case, None)
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "pay?[2Jment" in said


def test_every_detector_is_tried_and_every_fault_has_one():
    """The table above misses none but the two that need more than traces of one kind, and declined is no fault."""
    tried = {name.partition(".")[2] for name in FAULTS}
    assert set(ALL) - tried == {"breaker-open", "sampling-hides-error"}
    assert set(catalogue()) - set(ALL) == {"declined"}


def test_without_a_fault_nobody_is_named(healthy: list[Trace]):
    """Another healthy time, and one with declined cards, which are business."""
    assert not verdict(healthy, traces(1_000, TROUBLED)).found
    declined = verdict(healthy, traces(1_000, TROUBLED, {"declined": ""}))
    assert not declined.found
    assert "402" in declined.reason


@pytest.mark.parametrize("seed", range(12))
def test_a_busy_machine_is_no_culprit(seed: int, healthy: list[Trace]):
    """Every request slower by another factor: nobody is named, and it is said that all became slower."""
    dice = random.Random(seed)
    busy = [trace for number in range(60) for trace in traces(1_000 + number, 1, slower=dice.uniform(1, 4))]
    found = verdict(healthy, busy)
    assert not found.found
    assert "slower alike" in found.reason


def test_two_faults_at_once(healthy: list[Trace]):
    """Both are named, one of them beside the other."""
    both = {"lead": "payment=300000", "statement": "order=300000"}
    found = verdict(healthy, traces(1_000, TROUBLED, both))
    assert {found.service, *(each.service for each in found.also)} == {"payment", "order"}


def test_an_outage_opens_breakers(healthy: list[Trace]):
    """First payment refuses, then order cuts it off, and the gateway order: payment it was."""
    out = [*traces(1_000, 12, {"refuse": "payment"}, 1), *traces(1_012, 20, {"cut off payment": ""}, 1)]
    out += traces(1_032, 8, {"cut off order": ""}, 1) + traces(1_040, 20)
    found = verdict(healthy, out)
    assert (found.service, found.fault, found.not_told_from) == ("payment", "breaker-open", ("error",))


def test_few_traces_suffice_and_fewer_say_so(healthy: list[Trace]):
    """Ten with a plain fault are enough; with nine it says how many it needs."""
    for knobs, fault in (({"refuse": "inventory"}, "error"), ({"lead": "payment=300000"}, "latency")):
        calm, bent = (
            [trace for trace in made if len(trace.spans) > 12] for made in (traces(0, 12), traces(1_000, 8, knobs, 1))
        )
        found = verdict(calm[:6], [*bent[:4]])
        assert found.fault == fault, found.reason
    few = verdict(healthy[:5], healthy[5:9])
    assert not few.found
    assert str(FEWEST_TRACES) in few.reason


@pytest.mark.parametrize("name", ["payment.latency", "inventory.error", "order.swallowed-error", "payment.n-plus-one"])
def test_one_window_without_a_healthy_time(name: str):
    """What meets a third of the requests stands out among the others of the same time."""
    knobs, every = FAULTS[name]
    split = gather.split(gather.of_windows([], traces(0, 150, knobs, every)).troubled)
    found = judge(split)
    assert f"{found.service}.{found.fault}" == name, found.reason


def test_one_healthy_window_names_nobody():
    """There is nothing to stand out."""
    assert not judge(gather.split(gather.of_windows([], traces(0, 150)).troubled)).found


def test_the_order_of_traces_and_repeats_change_nothing(healthy: list[Trace]):
    """A verdict is about what is there."""
    bent = traces(1_000, TROUBLED, {"lead": "payment=300000"})
    turned = [*reversed(bent)]
    assert verdict(healthy, bent) == verdict([*reversed(healthy)], turned)
