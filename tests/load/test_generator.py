"""The open loop against a real server: when requests go out, what is measured, what is counted."""

from __future__ import annotations

import asyncio
import time
from statistics import median

import pytest

from load.adjust import adjusted
from load.errors import Unreachable
from load.generator import Limits, drive
from load.result import Outcome, counts, failed
from load.scenario import find
from load.schedule import plan


def test_every_route(shop, load):
    """Orders, reads of orders made in this run, and product lists all reach the shop as its contract says."""
    result = load(0.6, 100, {"POST /orders": 2, "GET /orders/{id}": 2, "GET /products": 1}, seed=5)
    assert counts(result.requests) == {
        "sent": 60, "ok": 60, "expected": 0, "error": 0, "dropped": 0, "unfinished": 0,
    }  # fmt: skip
    made = {f"/orders/order-{number}" for number in range(1, 100)}
    assert {seen.path for seen in shop.seen if seen.path.startswith("/orders/")} <= made
    for order in shop.orders():
        skus = [item["sku"] for item in order.body["items"]]
        assert order.body["card"] == "tok_visa"
        assert 1 <= len(skus) == len(set(skus)) <= 3
        assert set(skus) <= {"tea-pot", "cup", "lamp", "umbrella"}  # not the last one: that would be a 409 by chance
        assert all(1 <= item["quantity"] <= 3 for item in order.body["items"])


def test_same_seed_asks_the_same_under_other_keys(shop, load):
    """Two runs of one seed order the same things, each order under an idempotency key of its own."""
    load(0.2, 100, seed=9)
    load(0.2, 100, seed=9)
    half = len(shop.orders()) // 2
    first, second = (
        sorted(part, key=lambda order: order.sequence) for part in (shop.orders()[:half], shop.orders()[half:])
    )
    assert [order.body for order in first] == [order.body for order in second]
    assert len({order.headers["Idempotency-Key"] for order in shop.orders()}) == 2 * half == 40


@pytest.mark.parametrize("on", [True, False])
def test_fault_hits_exactly_the_planned_requests(shop, load, on):
    """The planned requests carry the fault as baggage and are slow; the others are not; with faults off none is."""
    shop.faults_on = on
    result = load(0.4, 100, fault="payment.latency:300ms", percent=40)
    planned = {each.sequence for each in result.plan.arrivals if each.fault}
    assert 5 < len(planned) < 35
    arrived = {order.sequence: order.headers.get("baggage") for order in shop.orders()}
    assert {number for number, header in arrived.items() if header} == planned
    assert {arrived[number] for number in planned} == {"fault=payment.latency%3A300ms"}
    hit = [each.latency for each in result.requests if each.arrival.fault]
    spared = [each.latency for each in result.requests if not each.arrival.fault]
    assert (min(hit) >= 300) is on
    assert median(spared) < 150
    assert (median(hit) < 150) is not on


@pytest.mark.parametrize("on", [True, False])
def test_failing_fault(shop, load, on):
    """Requests hit by an error fault end as HTTP 503 and are found as failed; with faults off none fails."""
    shop.faults_on = on
    result = load(fault="inventory.error:503", percent=50)
    planned = [each.sequence for each in result.plan.arrivals if each.fault]
    assert planned
    found = [each.arrival.sequence for each in result.requests if each.outcome is Outcome.ERROR]
    assert found == (planned if on else [])
    assert {each.error for each in failed(result.requests, 99)} == ({"503"} if on else set())


def test_latency_through_a_freeze(shop, load):
    """While the shop is frozen requests still go out, and each one's latency is at least the rest of the freeze."""
    shop.freeze_in(0.2, 0.5)
    result = load(0.8, 100)
    start, end = shop.frozen
    begun = result.stretches[0].start.timestamp()
    stuck = [each for each in result.requests if start < begun + each.arrival.at / 1e6 < end - 0.05]
    assert len(stuck) > 30
    for each in stuck:
        rest = (end - begun - each.arrival.at / 1e6) * 1_000
        assert rest - 5 < each.latency < rest + 1_000
    sent_into_it = [each for each in stuck if begun + each.arrival.at / 1e6 + each.late / 1_000 < end]
    assert len(sent_into_it) > 0.8 * len(stuck)


def test_a_late_generator_says_so(load):
    """When the generator itself stalls, latency still counts from the intended time, and the run is invalid."""
    stalls = iter([0, 0.3])
    result = load(0.5, 100, watch=lambda _: time.sleep(next(stalls, 0)))
    late = [each for each in result.requests if each.late > 100]
    assert len(late) > 10
    assert all(each.latency == pytest.approx(each.late + each.service, abs=1) for each in late)
    assert all(each.latency > each.service + 100 for each in late)
    assert result.lateness > 150
    assert not result.valid


def test_cap_on_requests_in_flight(shop, load):
    """With five allowed in flight and no answers, five are sent and unfinished and all others are counted dropped."""
    shop.answers["POST /orders"] = "hold"
    result = load(0.25, 100, limits=Limits(in_flight=5, patience=0.1))
    assert counts(result.requests) == {
        "sent": 5, "ok": 0, "expected": 0, "error": 0, "dropped": 20, "unfinished": 5,
    }  # fmt: skip
    assert len(shop.orders()) == 5
    assert all(each.latency is None for each in result.requests)


@pytest.mark.parametrize(
    ("answer", "outcome", "error"),
    [
        (402, Outcome.EXPECTED, None),
        (404, Outcome.EXPECTED, None),
        (409, Outcome.EXPECTED, None),
        (301, Outcome.ERROR, "301"),
        (422, Outcome.ERROR, "422"),
        (429, Outcome.ERROR, "429"),
        (503, Outcome.ERROR, "503"),
        ("hang-up", Outcome.ERROR, "connection_lost"),
        ("nonsense", Outcome.ERROR, "bad_answer"),
        ("hold", Outcome.ERROR, "timeout"),
    ],
)
def test_classes(shop, load, answer, outcome, error):
    """Each kind of answer is counted as what it is: business, or an error of a class of its own."""
    shop.answers["POST /orders"] = answer
    result = load(0.1, 20, limits=Limits(timeout=0.2))
    assert {(each.outcome, each.error) for each in result.requests} == {(outcome, error)}


def test_a_shop_that_dies(shop, load, monkeypatch):
    """A shop that goes away in the midst of a run makes refused or lost connections, and the run still reports."""
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")  # the collector dies with it
    result = load(0.6, 50, watch=lambda progress: progress.elapsed > 0.2 and shop.stop())
    classes = {each.error for each in result.requests if each.outcome is Outcome.ERROR}
    assert counts(result.requests)["ok"] > 0
    assert "connection_refused" in classes
    assert classes <= {"connection_refused", "connection_lost"}


def test_nothing_listens():
    """Where nothing listens the error is for the user: one sentence, exit code 4, and the command that helps."""
    with pytest.raises(Unreachable, match="connection refused; start one with tracelab up") as caught:
        asyncio.run(drive(plan(find("steady"), 1), "http://127.0.0.1:9"))
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(("answer", "reason"), [(503, "answered with 503"), ("nonsense", "did not list any")])
def test_something_else_listens(shop, load, answer, reason):
    """What does not sell anything is no shop."""
    shop.answers["GET /products"] = answer
    shop.greets = False
    with pytest.raises(Unreachable, match=reason):
        load()


def test_stopping_early(shop):
    """Once told to stop, nothing more is sent and the result holds what was."""

    async def stopped():
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.4, stop.set)
        return await drive(plan(find("steady"), 1), shop.url, stop=stop)

    began = time.monotonic()
    result = asyncio.run(stopped())
    assert time.monotonic() - began < 3
    assert result.interrupted
    assert len(result.requests) < 10
    assert len(result.stretches) == 1
    assert (result.stretches[0].end - result.stretches[0].start).total_seconds() < 1


def test_phases_lie_end_to_end(shop):
    """Phases are told with the times at which they really were, one after the other."""
    made = plan(adjusted(find("slow-payment"), rate=20, duration="0.7s"), 1)
    result = asyncio.run(drive(made, shop.url))
    first, second, third = result.stretches
    assert [first.name, second.name, third.name] == ["baseline", "fault", "recovery"]
    assert first.end == second.start
    assert second.end == third.start
    assert (third.end - first.start).total_seconds() == pytest.approx(0.7, abs=0.001)
    assert not any(each.arrival.fault for each in result.of_phase("baseline") + result.of_phase("recovery"))


def test_a_dead_proxy_does_not_matter(shop, load, monkeypatch):
    """With a dead proxy in the environment both the shop and the spans' collector are still reached."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    result = load()
    assert counts(result.requests)["ok"] == 20
    assert result.spans.lost == 0
    assert len(shop.otlp_spans()) == 20
