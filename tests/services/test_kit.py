"""The kit's smaller parts by themselves."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import pytest
from opentelemetry import baggage, context
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.shapes import NewOrder
from services.kit import budget, idempotency, settings
from services.kit.breaker import Breaker, State
from services.kit.faults import plane
from services.kit.faults.error import Error
from services.kit.faults.fault import Fault
from services.kit.faults.latency import Latency
from services.kit.faults.member import MEMBER


class Clock:
    """Time that passes when told to."""

    now = 100.0

    def __call__(self) -> float:
        """The time now."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock at 100 s."""
    return Clock()


def breaker_of(clock: Clock, changes: list[State] | None = None) -> Breaker:
    """Opens after three failures, for five seconds."""
    heard = changes if changes is not None else []
    return Breaker(3, 5.0, clock=clock, on_change=heard.append)


def fail(breaker: Breaker, times: int = 1) -> None:
    """Make calls that fail."""
    for _ in range(times):
        assert breaker.admit()
        breaker.failed()


def test_a_breaker_opens_after_failures_in_a_row(clock: Clock) -> None:
    """Two failures and a success change nothing; three in a row open it, for its pause."""
    breaker = breaker_of(clock)
    fail(breaker, 2)
    assert breaker.admit()
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.state is State.CLOSED
    fail(breaker)
    assert breaker.state is State.OPEN
    assert not breaker.admit()
    assert breaker.retry_after() == 5.0
    clock.now += 4.9
    assert not breaker.admit()
    assert breaker.retry_after() == pytest.approx(0.1)


def test_a_half_open_breaker_lets_one_try(clock: Clock) -> None:
    """After the pause one call at a time passes; its success closes the breaker, and each change is heard once."""
    changes: list[State] = []
    breaker = breaker_of(clock, changes)
    fail(breaker, 3)
    clock.now += 5
    assert [breaker.admit(), breaker.admit(), breaker.admit()] == [True, False, False]
    breaker.succeeded()
    assert [breaker.admit(), breaker.admit()] == [True, True]
    assert changes == [State.OPEN, State.HALF_OPEN, State.CLOSED]


def test_a_failed_try_opens_again(clock: Clock) -> None:
    """One failure is enough then, and the pause begins anew; once closed, three are needed again."""
    breaker = breaker_of(clock)
    fail(breaker, 3)
    clock.now += 5
    fail(breaker)
    assert breaker.state is State.OPEN
    assert breaker.retry_after() == 5.0
    clock.now += 5
    assert breaker.admit()
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.state is State.CLOSED


def test_an_abandoned_try_is_no_verdict(clock: Clock) -> None:
    """A caller that gave up for its own reasons leaves the try to the next."""
    breaker = breaker_of(clock)
    fail(breaker, 3)
    clock.now += 5
    assert breaker.admit()
    breaker.abandoned()
    assert breaker.state is State.HALF_OPEN
    assert breaker.admit()


def test_late_failures_do_not_lengthen_the_pause(clock: Clock) -> None:
    """Calls admitted before it opened may still fail; the pause counts from the opening."""
    breaker = breaker_of(clock)
    assert all(breaker.admit() for _ in range(6))
    for _ in range(3):
        breaker.failed()
    clock.now += 3
    breaker.failed()
    assert breaker.retry_after() == 2.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 10), ("", 10), ("250", 0.25), ("0", 0), ("007", 0.007), ("10000", 10), ("10001", 10), ("999999999", 10)]
    + [(nonsense, 10) for nonsense in ("-1", "1.5", "1e3", " 5", "+5", "0x1", "1_0", "\u0665", "\xb2", "9" * 5_000)],
)
def test_a_budget_is_read(header: str | None, seconds: float) -> None:
    """Whole milliseconds, at most the service's own; nonsense grants that."""
    assert budget.parse(header, 10) == seconds


def test_a_budget_is_spent() -> None:
    """It shrinks, is never negative, ends in OutOfTime, and a repair may have one of its own."""
    assert budget.remaining(7) == 7
    with budget.spend(0.03):
        assert 0 < budget.require() <= 0.03
        time.sleep(0.04)
        assert budget.remaining() == 0
        with pytest.raises(budget.OutOfTime):
            budget.require()
        with budget.spend(1):
            assert budget.require() > 0.9
        assert budget.remaining() == 0


def asked(text: str, service: str = "payment") -> list[Fault]:
    """What a request with these faults asks of a service."""
    return plane.Plane(service, None).read(text)


def test_faults_are_read() -> None:
    """Those of the service, in their order, with parameters and their defaults."""
    assert asked("payment.latency:250ms~order.error~payment.error:504") == [Latency(0.25), Error(504)]
    assert asked("payment.latency~payment.error") == [Latency(0.3), Error(503)]
    assert asked("payment.latency:1.5s") == [Latency(1.5)]
    assert asked("payment.error", "inventory") == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("payment.melt", "unknown"),
        ("kitchen.error", "unknown"),
        ("payment", "unknown"),
        ("", "unknown"),
        ("PAYMENT.ERROR", "unknown"),
        ("payment.latency:0.5ms", "parameter"),
        ("payment.latency:10001ms", "parameter"),
        ("payment.latency:10.001s", "parameter"),
        ("payment.latency:300", "parameter"),
        ("payment.latency:\u0663s", "parameter"),
        ("payment.latency:nan", "parameter"),
        ("payment.error:499", "parameter"),
        ("payment.error:5_0", "parameter"),
        ("payment.error: 503", "parameter"),
        ("payment.error:\u0665\u0660\u0663", "parameter"),
        ("payment.error:600", "parameter"),
        ("payment.error:teapot", "parameter"),
        ("payment.error:" + "5" * 5_000, "parameter"),
        ("payment.error~payment.error~payment.error~payment.error", "too many"),
    ],
)
def test_nonsense_is_no_fault(text: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ignored, and counted by its reason."""
    counted: Counter[str] = Counter()
    monkeypatch.setattr(plane, "ignored", counted)
    assert asked(text) == []
    assert counted == {reason: 1}


def test_the_bounds_of_latency() -> None:
    """From 1 ms to 10 s."""
    assert asked("payment.latency:1ms~payment.latency:10s") == [Latency(0.001), Latency(10)]


def test_faults_that_are_off_leave_the_baggage() -> None:
    """The fault is taken off, and nothing else of the baggage."""

    async def handle() -> Response:
        return JSONResponse(dict(baggage.get_all()))

    async def met() -> Response:
        context.attach(baggage.set_baggage("user", "ada", baggage.set_baggage(MEMBER, "payment.error")))
        return await plane.Closed().through(Request({"type": "http"}), handle)

    assert asyncio.run(met()).body == b'{"user":"ada"}'


def test_a_fingerprint_knows_no_order_of_members() -> None:
    """It tells bodies apart by what they say, not by how they are written."""

    def of(text: str) -> str:
        return idempotency.fingerprint(NewOrder.model_validate_json(text))

    one = of('{"items": [{"sku": "tea-pot", "quantity": 1}], "card": "tok_visa"}')
    assert of('{"card":"tok_visa","items":[{"quantity":1.0,"sku":"\\u0074ea-pot"}]}') == one
    assert of('{"items": [{"sku": "tea-pot", "quantity": 2}], "card": "tok_visa"}') != one
    two = '{"items": [{"sku": "a", "quantity": 1}, {"sku": "b", "quantity": 1}], "card": "tok_visa"}'
    assert of(two) != of(two.replace('"a"', '"c"'))


@pytest.mark.parametrize(
    "name", ["TRACELAB_BUDGET_MS", "TRACELAB_BODY_LIMIT", "TRACELAB_IN_FLIGHT_LIMIT", "TRACELAB_POOL_SIZE"]
)
@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "ten", "1e3", "\xb2"])
def test_a_setting_that_is_no_number(name: str, text: str) -> None:
    """The error names the variable, its value, and what was expected."""
    with pytest.raises(ValueError, match=name) as caught:
        settings.read("order", {name: text})
    assert repr(text) in str(caught.value)
    assert "whole number above 0" in str(caught.value)


def test_settings_have_defaults() -> None:
    """An empty environment is enough, and has faults off."""
    found = settings.read("order", {})
    assert not found.faults
    assert found.budget == 10
    assert found.urls("payment", 8082) == ("http://127.0.0.1:8082",)


def test_settings_are_read() -> None:
    """Lists are split at commas, with or without blanks and slashes."""
    found = settings.read(
        "order",
        {
            "PAYMENT_URLS": "http://a:1/, http://b:2",
            "TRACELAB_FAULTS": "ON",
            "TRACELAB_HOSTS": "Shop.example, b",
            "TRACELAB_BUDGET_MS": "1500",
        },
    )
    assert found.urls("payment", 8082) == ("http://a:1", "http://b:2")
    assert found.faults
    assert found.hosts == {"shop.example", "b"}
    assert found.budget == 1.5
