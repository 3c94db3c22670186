"""An idempotency key names one order: at the same moment, afterwards, and across a crash."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.services.asking import Answer, an_order, assert_problem, at_once, attest, eventually, new_key
from tests.services.fleet import Fleet


def seen(answer: Answer | None) -> tuple[int, object, object]:
    """What a customer takes from an answer: all but its trace."""
    assert answer is not None
    body = {name: value for name, value in answer.body.items() if name != "trace_id"}
    return answer.status, answer.headers.get("location"), body


@pytest.mark.parametrize(
    ("body", "status"),
    [(an_order("notebook"), 201), (an_order(card="tok_declined"), 402), (an_order("last-one", 2), 409)],
)
def test_many_at_the_same_moment(shop: Fleet, body: object, status: int) -> None:
    """Identical requests side by side are one order, and all get its answer: a success or a refusal."""
    before, key = shop.settle()["order"], new_key()
    answers = at_once([partial(shop.order, body, key=key)] * 12)
    first = seen(answers[0])
    assert first[0] == status
    assert all(seen(answer) == first for answer in answers)
    after = shop.settle()["order"]
    assert sum(row["count"] for row in after.values()) == sum(row["count"] for row in before.values()) + 1


def test_a_replay(shop: Fleet) -> None:
    """The same request again gets the same answer, and charges and holds nothing again."""
    key = new_key()
    first = shop.order(key=key)
    books = shop.settle()
    again = [shop.order(key=key) for _ in range(2)]
    assert [seen(answer) for answer in again] == [seen(first)] * 2
    assert shop.books() == books
    assert again[0].trace_id != first.trace_id


def test_a_replay_with_members_in_another_order(shop: Fleet) -> None:
    """The same order written down otherwise is the same order."""
    key = new_key()
    first = shop.order(b'{"items": [{"sku": "tea-pot", "quantity": 1}], "card": "tok_visa"}', key=key)
    again = shop.order(b'{"card":"tok_visa","items":[{"quantity":1,"sku":"\\u0074ea-pot"}]}', key=key)
    assert seen(again) == seen(first)


@pytest.mark.parametrize("body", [an_order(quantity=2), an_order("notebook"), an_order(card="tok_master")])
def test_a_replay_with_another_body(shop: Fleet, body: object) -> None:
    """400, and the first order stands."""
    key = new_key()
    first = shop.order(key=key)
    assert_problem(shop.order(body, key=key), 400, "key-reused")
    assert seen(shop.order(key=key)) == seen(first)


def test_a_refused_request_leaves_no_key(shop: Fleet) -> None:
    """What was refused before any work may be mended and sent under the same key."""
    key = new_key()
    assert shop.order(an_order(quantity=0), key=key).status == 422
    assert shop.order(an_order("flying-carpet"), key=key).status == 422
    assert shop.order(key=key).status == 201


def test_a_replay_of_a_failure(shop: Fleet) -> None:
    """An order that failed stays failed under its key, even once everything works; a new key is a new order."""
    key = new_key()
    assert_problem(shop.order(key=key, baggage="fault=inventory.error"), 503, "unavailable")
    shop.settle()
    again = shop.order(key=key)
    assert_problem(again, 503, "unavailable")
    assert "new Idempotency-Key" in again.body["detail"]
    assert shop.order().status == 201


@pytest.mark.parametrize("key", ["a", "A-b_c.d:e", "x" * 200])
def test_a_key_is_a_name(shop: Fleet, key: str) -> None:
    """Any name of up to 200 plain characters is a key."""
    assert shop.order(key=key).status == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "two words", "caf\xe9", "a/b", "\x01", "a\tb", "'; --", "%00"])
def test_what_is_no_key(shop: Fleet, key: str) -> None:
    """400 that says what is wrong with it, before anything is done."""
    books = shop.settle()
    assert_problem(shop.order(idempotency_key=key.encode("latin-1")), 400, "malformed")
    assert shop.books() == books


@pytest.mark.parametrize("fault", ["payment.latency:1s", "inventory.latency:1s"])
def test_a_replay_after_the_order_service_was_killed(rough: Fleet, fault: str) -> None:
    """Killed in the middle of a checkout: soon the key has a settled answer, and nothing is half done."""
    key = new_key()
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(rough.order, key=key, baggage=f"fault={fault}")
        eventually(lambda: attest(rough.orders_id(key)), 5, 0.02)
        rough.kill("order")
        assert lost.result().status == 503
        rough.start("order")
    meanwhile = rough.order(key=key)
    assert meanwhile.status in {409, 503}
    rough.settle()
    settled = rough.order(key=key)
    assert_problem(settled, 503, "unavailable")
    assert seen(rough.order(key=key)) == seen(settled)
    order = rough.orders_id(key)
    assert rough.get(f"/orders/{order}").body["status"] == "failed"
    assert rough.get(f"/orders/{order}").body["payment"] == "voided"


PAYMENT = ("payment", "/payments", {"amount": 5, "currency": "USD", "card": "tok_visa"})
RESERVATION = ("inventory", "/reservations", {"items": [{"sku": "tea-pot", "quantity": 1}]})


@pytest.mark.parametrize(
    ("request_", "outcome", "undo"), [(PAYMENT, "authorised", "void"), (RESERVATION, "reserved", "release")]
)
def test_payment_and_inventory_remember(
    rough: Fleet, request_: tuple[str, str, object], outcome: str, undo: str
) -> None:
    """A key's answer outlives kill -9, whether it came before or never: the work is done once."""
    service, path, body = request_
    done, cut = new_key(), new_key()
    assert rough.post(service, path, body, done).body["outcome"] == outcome
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(rough.post, service, path, body, cut, baggage=f"fault={service}.latency:1s")
        time.sleep(0.3)
        rough.kill(service)
        with pytest.raises(OSError, match=r"closed|reset"):
            lost.result()
    rough.start(service)
    for key in (done, cut):
        answers = [rough.post(service, path, body, key).body["outcome"] for _ in range(2)]
        assert answers == [outcome, outcome]
        rough.post(service, f"{path}/{key}/{undo}")
    rough.settle()
