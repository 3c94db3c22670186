"""Payment and inventory by themselves: what may be asked twice, in any order, and at the same moment."""

from __future__ import annotations

import itertools
from functools import partial

from tests.services.asking import Answer, an_order, assert_problem, at_once, new_key
from tests.services.fleet import Fleet

PAYMENT = {"amount": 1_250, "currency": "USD", "card": "tok_visa"}
ITEMS = {"items": [{"sku": "umbrella", "quantity": 2}]}


def pay(shop: Fleet, key: str, body: object = PAYMENT) -> str:
    """Authorise; the outcome."""
    return str(shop.post("payment", "/payments", body, key).body["outcome"])


def change(shop: Fleet, key: str, verb: str) -> str:
    """Capture or void; the outcome."""
    return str(shop.post("payment", f"/payments/{key}/{verb}").body["outcome"])


def reserve(shop: Fleet, key: str, body: object = ITEMS) -> str:
    """Reserve; the outcome."""
    return str(shop.post("inventory", "/reservations", body, key).body["outcome"])


def release(shop: Fleet, key: str) -> str:
    """Release; the outcome."""
    return str(shop.post("inventory", f"/reservations/{key}/release").body["outcome"])


def standing(shop: Fleet, key: str) -> str:
    """How a payment stands."""
    return str(shop.get(f"/payments/{key}", "payment").body["outcome"])


def test_a_payment_from_start_to_end(shop: Fleet) -> None:
    """Authorised, captured once however often it is asked, and refunded by a void; then for good."""
    key = new_key()
    assert standing(shop, key) == "unknown"
    assert [pay(shop, key), pay(shop, key)] == ["authorised", "authorised"]
    assert [change(shop, key, "capture"), change(shop, key, "capture")] == ["captured", "captured"]
    assert pay(shop, key) == "captured"
    assert [change(shop, key, "void"), change(shop, key, "void")] == ["voided", "voided"]
    assert change(shop, key, "capture") == "voided"
    assert standing(shop, key) == "voided"


def test_what_is_declined_or_unknown_cannot_be_captured(shop: Fleet) -> None:
    """A capture charges only what was authorised."""
    key = new_key()
    assert change(shop, new_key(), "capture") == "unknown"
    assert pay(shop, key, PAYMENT | {"card": "tok_declined"}) == "declined"
    assert change(shop, key, "capture") == "declined"


def test_a_void_before_its_payment(shop: Fleet) -> None:
    """A payment that arrives after its void stays voided: the caller had given up on it."""
    key = new_key()
    assert change(shop, key, "void") == "voided"
    assert pay(shop, key) == "voided"
    assert change(shop, key, "capture") == "voided"


def test_a_reservation_from_start_to_end(shop: Fleet) -> None:
    """Held once however often it is asked, put back once however often that is asked."""
    key, before = new_key(), shop.books()["inventory"]
    assert [reserve(shop, key), reserve(shop, key)] == ["reserved", "reserved"]
    assert shop.books()["inventory"]["reserved"] == before["reserved"] + 2
    assert [release(shop, key), release(shop, key)] == ["released", "released"]
    assert reserve(shop, key) == "released"
    assert shop.books()["inventory"] == before


def test_a_release_before_its_reservation(shop: Fleet) -> None:
    """A reservation that arrives after its release holds nothing."""
    key, before = new_key(), shop.books()["inventory"]
    assert release(shop, key) == "released"
    assert reserve(shop, key) == "released"
    assert shop.books()["inventory"] == before


def test_all_items_or_none(shop: Fleet) -> None:
    """A reservation of which one product is short holds nothing of the others."""
    before = shop.books()["inventory"]
    wanted = {"items": [{"sku": "backpack", "quantity": 3}, {"sku": "last-one", "quantity": 2}]}
    assert reserve(shop, key := new_key(), wanted) == "out_of_stock"
    assert reserve(shop, key, wanted) == "out_of_stock"
    assert shop.books()["inventory"] == before


def test_a_key_belongs_to_its_first_request(shop: Fleet) -> None:
    """Another amount or other items under a used key are refused, and change nothing."""
    key = new_key()
    assert pay(shop, key) == "authorised"
    assert pay(shop, key, PAYMENT | {"amount": 1}) == "key_reused"
    assert change(shop, key, "void") == "voided"
    assert reserve(shop, key) == "reserved"
    assert reserve(shop, key, {"items": [{"sku": "umbrella", "quantity": 1}]}) == "key_reused"
    assert release(shop, key) == "released"


def test_a_key_is_needed(shop: Fleet) -> None:
    """400 from whatever changes something, where the header is missing."""
    for service, path in (
        ("order", "/orders"),
        ("payment", "/payments"),
        ("payment", "/payments/x/capture"),
        ("payment", "/payments/x/void"),
        ("inventory", "/reservations"),
        ("inventory", "/reservations/x/release"),
    ):
        body = {"/orders": an_order(), "/payments": PAYMENT, "/reservations": ITEMS}.get(path)
        assert_problem(shop.post(service, path, body, idempotency_key=None), 400, "malformed")


def outcomes(answers: list[Answer | None]) -> set[str]:
    """What they said; each was answered."""
    return {answer.body["outcome"] for answer in answers if answer} | ({"nothing"} if None in answers else set())


def test_the_same_request_many_times_at_once(shop: Fleet) -> None:
    """Identical payments, or reservations, at the same moment are one."""
    before, key = shop.books(), new_key()
    assert outcomes(at_once([partial(shop.post, "payment", "/payments", PAYMENT, key)] * 16)) == {"authorised"}
    assert outcomes(at_once([partial(shop.post, "inventory", "/reservations", ITEMS, key)] * 16)) == {"reserved"}
    after = shop.books()
    assert after["payment"]["authorised"]["count"] == 1
    assert after["inventory"]["reserved"] == before["inventory"]["reserved"] + 2
    assert (change(shop, key, "void"), release(shop, key)) == ("voided", "released")


def test_undone_while_it_is_done(shop: Fleet) -> None:
    """Whichever of a request and its undoing comes first, afterwards nothing is authorised and nothing held."""
    keys = [new_key() for _ in range(60)]
    before = shop.books()["inventory"]
    pairs = [
        (
            partial(shop.post, "payment", "/payments", PAYMENT, key),
            partial(shop.post, "payment", f"/payments/{key}/void"),
            partial(shop.post, "inventory", "/reservations", ITEMS, key),
            partial(shop.post, "inventory", f"/reservations/{key}/release"),
        )
        for key in keys
    ]
    answers = at_once(itertools.chain.from_iterable(pairs))
    assert all(answer and answer.status == 200 for answer in answers), answers
    assert {standing(shop, key) for key in keys} == {"voided"}
    assert shop.books()["inventory"] == before
