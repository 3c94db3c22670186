"""What retries, a stopped service and the circuit breaker look like."""

from __future__ import annotations

import pytest

from discovery.trace import Event, Kind, Trace
from tests.services.asking import eventually
from tests.tracing.conftest import Starting
from tests.tracing.traced import Traced, Way, red

CHAIN_TO_PAYMENT = [
    "gateway post /orders server",
    "gateway post client",
    "order post /orders server",
    "order post client",
]


def calls(trace: Trace, service: str) -> list[bool]:
    """Whether each call that a service made to another was red, in their order; database spans left out."""
    return [
        span.error
        for span in trace.spans
        if span.service == service and span.kind is Kind.CLIENT and span.name.casefold() in {"get", "post"}
    ]


def changes(trace: Trace) -> list[Event]:
    """The circuit breaker's."""
    return [event for span in trace.spans for event in span.events if "circuit breaker" in event.name.casefold()]


def test_a_stopped_service(own: Starting, way: Way) -> None:
    """It has no span; the call is red at order, once for each of its three attempts, and red up to the customer.

    What went wrong is recorded where it happened, on the attempt's span, and not again on the way up.
    """
    with own(way=way) as here:
        here.shop.end("inventory")
        answer = here.shop.order()
        assert answer.status == 503
        trace = here.trace(answer)
        assert trace.services == ("gateway", "order", "payment")
        assert red(trace)[:3] == ["gateway post /orders server", "gateway post client", "order post /orders server"]
        # authorise; three attempts to reserve; void; three attempts to release
        assert calls(trace, "order") == [False, True, True, True, False, True, True, True]
        assert set(red(trace)[3:]) == {"order post client"}
        for span in trace.spans:
            attempt = span.error and span.service == "order" and span.kind is Kind.CLIENT
            assert sum("exception" in event.name.casefold() for event in span.events) == attempt


def test_the_breakers_changes_are_events(own: Starting) -> None:
    """Opening, trying and closing are events of the requests that caused them; while it is open nothing is asked."""
    with own() as here:
        here.shop.end("inventory")
        failed = [here.shop.get("/products") for _ in range(10)]
        assert {answer.status for answer in failed} == {503}
        assert [bool(changes(here.trace(answer))) for answer in failed] == [False] * 9 + [True]
        [opened] = changes(here.trace(failed[-1]))
        assert opened.attributes == {"peer": "inventory", "state": "open"}
        cut_off = here.trace(here.shop.get("/products"))
        assert calls(cut_off, "gateway") == []
        assert red(cut_off) == ["gateway get /products server"]
        here.shop.start("inventory")

        recovered = []

        def closes() -> None:
            recovered[:] = [here.shop.get("/products")]
            assert recovered[0].status == 200

        eventually(closes, 10)
        states = [event.attributes["state"] for event in changes(here.trace(recovered[0]))]
        assert states == ["half-open", "closed"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_undisturbed_call_is_made_once(checkouts: Traced) -> None:
    """Without trouble there is one client span a call, and no word of the breaker."""
    trace = checkouts.trace(checkouts.shop.order())
    assert calls(trace, "order") == [False, False, False]
    assert changes(trace) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_out_of_time(checkouts: Traced) -> None:
    """Where the budget runs out, callers stop waiting and are red; who answers too late is seen outlasting them."""
    answer = checkouts.shop.order(baggage="fault=payment.latency:800ms", x_budget_ms="500")
    assert answer.status == 504

    def both_are_over() -> None:
        found = checkouts.trace(answer)
        ended = {(span.service, span.name.casefold()) for span in found.spans if span.kind is Kind.SERVER}
        assert {("order", "post /orders"), ("payment", "post /payments"), ("gateway", "post /orders")} <= ended

    eventually(both_are_over, 10)
    trace = checkouts.trace(answer)
    [late] = [span for span in trace.spans if span.name.casefold() == "post /payments"]
    caller = trace.index[late.parent_id or ""]
    assert late.duration >= 800_000
    assert caller.duration < 800_000
    assert caller.error
    assert red(trace)[:4] == CHAIN_TO_PAYMENT
    assert not [span for span in trace.spans if span.error and span.service == "inventory"]
