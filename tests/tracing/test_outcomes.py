"""What is red and what is not: business outcomes are no errors, and an error is red from its origin to the customer."""

from __future__ import annotations

import pytest

from discovery.trace import Kind, Trace
from tests.services.asking import an_order, ask
from tests.tracing.traced import Traced, red

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

# From the customer to where a reservation fails, and its release, which meets the same
CHAIN = [
    "gateway post /orders server",
    "gateway post client",
    "order post /orders server",
    "order post client",
    "inventory post /reservations server",
    "order post client",
    "inventory post /reservations/{reservation}/release server",
]


def server(trace: Trace, service: str, name: str) -> int:
    """The duration in microseconds of the one server span of that name."""
    [span] = [s for s in trace.spans if (s.service, s.name.casefold(), s.kind) == (service, name, Kind.SERVER)]
    return span.duration


def test_a_declined_card_is_business(checkouts: Traced) -> None:
    """402 for the customer, nothing red, and nothing reserved."""
    answer = checkouts.shop.order(an_order(card="tok_declined"))
    assert answer.status == 402
    trace = checkouts.trace(answer)
    assert red(trace) == []
    assert trace.services == ("gateway", "order", "payment")


def test_an_empty_shelf_is_business(checkouts: Traced) -> None:
    """409 for the customer, nothing red, and the authorisation is voided within the trace."""
    checkouts.shop.order(an_order("last-one"))
    answer = checkouts.shop.order(an_order("last-one"))
    assert answer.status == 409
    trace = checkouts.trace(answer)
    assert red(trace) == []
    names = [span.name.casefold() for span in trace.spans if span.service == "payment" and span.kind is Kind.SERVER]
    assert names == ["post /payments", "post /payments/{payment}/void"]


def test_an_unknown_order_is_business(checkouts: Traced) -> None:
    """404 for the customer, nothing red; order and payment were asked side by side."""
    answer = checkouts.shop.get("/orders/nobody-made-this")
    assert answer.status == 404
    trace = checkouts.trace(answer)
    assert red(trace) == []
    one, other = [span for span in trace.spans if span.service == "gateway" and span.kind is Kind.CLIENT]
    assert max(one.start, other.start) < min(one.end, other.end)


def test_an_error_is_red_from_its_origin_up(checkouts: Traced) -> None:
    """A 503 of inventory is red there and in every caller; the deepest red is its origin, and nothing else is red."""
    answer = checkouts.shop.order(baggage="fault=inventory.error:503")
    assert answer.status == 503
    trace = checkouts.trace(answer)
    assert red(trace) == CHAIN
    above = {span.parent_id for span in trace.spans if span.error}
    deepest = [span for span in trace.spans if span.error and span.span_id not in above]
    assert {(span.service, span.kind) for span in deepest} == {("inventory", Kind.SERVER)}
    assert all(span.parent_id is None or trace.index[span.parent_id].error for span in trace.spans if span.error)
    undone = [span.name.casefold() for span in trace.spans if span.service == "payment" and span.kind is Kind.SERVER]
    assert undone == ["post /payments", "post /payments/{payment}/void"]


def test_an_error_without_being_asked_for_is_none(checkouts: Traced) -> None:
    """The same request without the baggage is red nowhere: the fault dies with its request."""
    answer = checkouts.shop.order()
    assert answer.status == 201
    assert red(checkouts.trace(answer)) == []


def test_latency_is_the_server_spans(checkouts: Traced) -> None:
    """300 ms asked of payment are in payment's server spans, not in its callees, and nowhere without the baggage."""
    slow = checkouts.trace(checkouts.shop.order(baggage="fault=payment.latency:300ms"))
    plain = checkouts.trace(checkouts.shop.order())
    for name in ("post /payments", "post /payments/{payment}/capture"):
        assert server(slow, "payment", name) >= 300_000
        assert server(plain, "payment", name) < 300_000
    assert server(slow, "inventory", "post /reservations") < 300_000
    below = [span for span in slow.spans if span.service == "payment" and span.kind is Kind.CLIENT]
    assert below
    assert all(span.duration < 300_000 for span in below)
    assert red(slow) == []


@pytest.mark.parametrize("way", ["built-in"], indirect=True)
@pytest.mark.parametrize(
    ("asked", "body", "status", "name"),
    [
        ("GET /no/such/address/4711", None, 404, "get"),
        ("DELETE /orders", None, 405, "delete /orders"),
        ("GET /orders/4711", None, 404, "get /orders/{order}"),
        ("POST /orders", b"{", 400, "post /orders"),
        ("POST /orders", {"items": []}, 422, "post /orders"),
        ("POST /orders", b" " * 70_000, 413, "post"),  # refused at the door, before a route was looked for
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_refused_request(checkouts: Traced, asked: str, body: object, status: int, name: str) -> None:
    """A 4xx is the customer's: nothing is red; a span is named by its route, never by what the customer made of it."""
    method, path = asked.split()
    answer = ask(checkouts.shop.url("gateway") + path, method, body)
    assert answer.status == status
    trace = checkouts.trace(answer)
    assert red(trace) == []
    assert trace.root.name.casefold() == name
    assert str(trace.root.attributes["http.response.status_code"]) == str(status)
