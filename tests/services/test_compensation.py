"""Every step of a checkout fails in turn; afterwards stock, charges and orders balance, and nothing is left over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.services.asking import Answer, an_order, assert_problem, attest, eventually, new_key
from tests.services.fleet import Fleet


@pytest.fixture(autouse=True)
def balance(shop: Fleet) -> Iterator[None]:
    """After each test the books balance."""
    yield
    shop.settle(budget=2.0)


def test_payment_declines(shop: Fleet) -> None:
    """A declined card holds no stock and ends the order as declined."""
    before = shop.books()["inventory"]
    assert_problem(shop.order(an_order(card="tok_declined")), 402, "card-declined")
    assert shop.books()["inventory"] == before


@pytest.mark.parametrize("service", ["payment", "inventory"])
def test_a_service_fails(shop: Fleet, service: str) -> None:
    """503, and what was authorised before is voided at once, not when the order's time is up."""
    before = shop.books()
    assert_problem(shop.order(baggage=f"fault={service}.error:502"), 503, "unavailable")
    eventually(shop.assert_balanced, 9)
    after = shop.books()
    assert after["inventory"] == before["inventory"]
    assert after["order"]["failed"]["count"] > before["order"].get("failed", {"count": 0})["count"]


@pytest.mark.parametrize("service", ["payment", "inventory"])
def test_a_service_outlasts_the_budget(shop: Fleet, service: str) -> None:
    """504 when the time is up; a step that is done after all is undone again."""
    began = time.monotonic()
    answer = shop.order(x_budget_ms="600", baggage=f"fault={service}.latency:1s")
    assert_problem(answer, 504, "out-of-time")
    assert time.monotonic() - began < 5  # its own budget, and a repair


def test_out_of_stock(shop: Fleet) -> None:
    """An empty shelf voids the authorisation within the request."""
    shop.order(an_order("last-one"))
    voided = shop.books()["payment"].get("voided", {"count": 0})["count"]
    assert_problem(shop.order(an_order("last-one")), 409, "out-of-stock")
    books = shop.assert_balanced()
    assert books["payment"]["voided"]["count"] == voided + 1


def standing(shop: Fleet, order: str) -> str:
    """How an order's payment stands."""
    return str(shop.get(f"/payments/{order}", "payment").body["outcome"])


@contextmanager
def authorised(shop: Fleet, fault: str, budget: str) -> Iterator[tuple[str, Future[Answer]]]:
    """An order held up between its authorisation and its capture: its id, and the answer to come."""
    key = new_key()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(shop.order, key=key, baggage=f"fault={fault}", x_budget_ms=budget)
        eventually(lambda: attest(shop.orders_id(key)), 5, 0.02)
        order = shop.orders_id(key) or ""
        eventually(lambda: attest(standing(shop, order) == "authorised"), 5, 0.02)
        yield order, answer


def test_the_capture_is_refused(shop: Fleet) -> None:
    """An authorisation that is gone when it is to be captured: no charge, and the stock goes back."""
    before = shop.books()
    with authorised(shop, "inventory.latency:500ms", "5000") as (order, answer):
        assert shop.post("payment", f"/payments/{order}/void").body["outcome"] == "voided"
    assert answer.result().status in {503, 504}
    after = shop.assert_balanced()
    assert after["inventory"] == before["inventory"]
    assert shop.get(f"/orders/{order}").body["status"] == "failed"


def test_the_confirmation_fails(shop: Fleet) -> None:
    """Order's database takes no write when the charge is made: the charge is refunded, the stock goes back."""
    before = shop.books()
    with (
        authorised(shop, "inventory.latency:500ms", "2500") as (order, answer),
        shop.locked_orders(),
    ):
        eventually(lambda: attest(standing(shop, order) == "captured"), 5, 0.02)
        assert_problem(answer.result(), 504, "out-of-time")
        assert standing(shop, order) == "captured"
        # The gateway may give up a moment before order does; let go at once, and the order may be confirmed after all.
        time.sleep(0.7)
    shop.settle(budget=2.5)
    assert standing(shop, order) == "voided"
    assert shop.get(f"/orders/{order}").body["status"] == "failed"
    assert shop.books()["inventory"] == before["inventory"]


@pytest.mark.parametrize("service", ["payment", "inventory"])
def test_a_service_dies_on_the_way(rough: Fleet, service: str) -> None:
    """A service is killed between authorisation and capture: once it is back, the order is undone whole."""
    fault = "inventory.latency:900ms"
    with authorised(rough, fault, "2000") as (order, answer):
        rough.kill(service)
    assert answer.result().status in {503, 504}
    rough.start(service)
    rough.settle()
    assert standing(rough, order) == "voided"
    assert rough.get(f"/orders/{order}").body["status"] == "failed"


@pytest.mark.parametrize("service", ["payment", "inventory"])
def test_a_service_dies_and_is_back_in_time(rough: Fleet, service: str) -> None:
    """Whatever the answer was, it is the order's end: charged and held if it was 201, neither if it was not."""
    with authorised(rough, "inventory.latency:300ms", "2000") as (order, answer):
        rough.kill(service)
        rough.start(service)
    rough.settle()
    ended = rough.get(f"/orders/{order}").body
    assert (ended["status"] == "confirmed") == (answer.result().status == 201)
    assert ended["payment"] == ("captured" if ended["status"] == "confirmed" else "voided")
