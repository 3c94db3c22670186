"""What the gateway promises: each route, each status, each header."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.kit.products import CURRENCY, PRODUCTS
from tests.services.asking import an_order, ask, assert_problem, attest, eventually, new_key
from tests.services.fleet import Fleet


def test_an_order_is_made(shop: Fleet) -> None:
    """201, the address of the new order, its prices and total in minor units, and the trace."""
    body = {"items": [{"sku": "tea-pot", "quantity": 2}, {"sku": "notebook", "quantity": 3}], "card": "tok_visa"}
    made = shop.order(body)
    assert made.status == 201
    assert made.headers["location"] == f"/orders/{made.body['id']}"
    assert made.headers["content-type"] == "application/json"
    assert made.body == {
        "id": made.body["id"],
        "status": "confirmed",
        "items": [
            {"sku": "tea-pot", "quantity": 2, "price": 3_400},
            {"sku": "notebook", "quantity": 3, "price": 690},
        ],
        "total": 2 * 3_400 + 3 * 690,
        "currency": CURRENCY,
    }
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", made.headers["traceresponse"])
    assert int(made.trace_id, 16)


def test_an_order_needs_no_key(shop: Fleet) -> None:
    """A customer who sends no Idempotency-Key gets a new order each time."""
    orders = [ask(f"{shop.url('gateway')}/orders", "POST", an_order()) for _ in range(2)]
    assert [order.status for order in orders] == [201, 201]
    assert orders[0].body["id"] != orders[1].body["id"]


def test_an_order_is_read_with_its_payment(shop: Fleet) -> None:
    """GET at the Location answers what POST did, and how the payment stands."""
    made = shop.order()
    found = shop.get(made.headers["location"])
    assert found.status == 200
    assert found.body == made.body | {"payment": "captured"}


def test_products(shop: Fleet) -> None:
    """Every product with its price in minor units, its currency and what is available."""
    found = shop.get("/products")
    assert found.status == 200
    shapes = {(product["sku"], product["name"], product["price"], product["currency"]) for product in found.body}
    assert shapes == {(product.sku, product.name, product.price, CURRENCY) for product in PRODUCTS}
    stock = {product.sku: product.stock for product in PRODUCTS}
    for product in found.body:
        assert product.keys() == {"sku", "name", "price", "currency", "available"}
        assert 0 <= product["available"] <= stock[product["sku"]]
    assert stock["last-one"] == 1
    assert {stock[sku] for sku in stock if sku != "last-one"} == {1_000_000}


def test_a_declined_card(shop: Fleet) -> None:
    """402; nothing is charged or held, and the order says why it ended."""
    before = shop.books()
    assert_problem(shop.order(an_order(card="tok_declined")), 402, "card-declined")
    after = shop.books()
    assert after["inventory"] == before["inventory"]
    assert after["payment"]["captured"] == before["payment"]["captured"]
    assert after["order"]["declined"]["count"] == before["order"].get("declined", {"count": 0})["count"] + 1


@pytest.mark.parametrize("order", ["nobody-made-this", "%00", "%ff", "a%2Fb", "x" * 500, "%F0%9F%98%80", "a%0Ab", "-"])
def test_an_unknown_order(shop: Fleet, order: str) -> None:
    """404, whatever stands where an id should."""
    answer = shop.get(f"/orders/{order}")
    assert_problem(answer, 404, answer.kind)
    assert answer.kind in {"unknown-order", "no-such-route"}  # a decoded slash makes it another address


def test_an_unknown_address(shop: Fleet) -> None:
    """404 for what is not there; no redirect for a slash too many."""
    assert_problem(shop.get("/nothing"), 404, "no-such-route")
    assert_problem(shop.get("/products/"), 404, "no-such-route")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("DELETE", "/orders", "POST"), ("PUT", "/orders/x", "GET"), ("POST", "/products", "GET"), ("PATCH", "/", "GET")],
)
def test_another_method(shop: Fleet, method: str, path: str, allowed: str) -> None:
    """405, and which method the address takes."""
    answer = ask(shop.url("gateway") + path, method)
    assert answer.status == 405
    assert answer.headers["allow"] == allowed
    assert answer.kind == "method-not-allowed"


def test_out_of_stock(shop: Fleet) -> None:
    """409 of the type out-of-stock once the only `last-one` is sold; the authorisation is undone."""
    shop.order(an_order("last-one"))
    assert_problem(shop.order(an_order("last-one")), 409, "out-of-stock")
    assert_problem(shop.order(an_order("last-one", 2)), 409, "out-of-stock")
    shop.settle()


def test_still_in_progress(shop: Fleet) -> None:
    """409 of the type in-progress where the first request with the key outlasts the second's time."""
    key = new_key()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shop.order, key=key, baggage="fault=payment.latency:1s")
        eventually(lambda: attest(shop.orders_id(key)), 5, 0.02)
        second = shop.order(key=key, x_budget_ms="500")
        assert first.result().status == 201
    assert_problem(second, 409, "in-progress")


def test_too_large(shop: Fleet) -> None:
    """413 past 64 KiB, announced or not, before anything reads it; at 64 KiB the body is looked at."""
    whole = json.dumps(an_order()).encode()
    assert_problem(shop.order(whole.ljust(64 * 1024 + 1)), 413, "too-large")
    assert_problem(shop.order(iter([whole, b" " * 40_000, b" " * 40_000])), 413, "too-large")
    assert shop.order(whole.ljust(64 * 1024)).status == 201
    assert shop.order(iter([whole[:9], whole[9:]])).status == 201


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "application/jsonp", "*/*", "json", "", "\xe9"])
def test_another_media_type(shop: Fleet, media: str) -> None:
    """415 for a body that does not say it is JSON."""
    assert_problem(shop.order(json.dumps(an_order()).encode(), content_type=media), 415, "media-type")


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json;"])
def test_json_by_any_spelling(shop: Fleet, media: str) -> None:
    """Parameters and capitals make no other media type."""
    assert shop.order(an_order(), content_type=media).status == 201


def test_no_body(shop: Fleet) -> None:
    """422 where the body is missing altogether."""
    assert_problem(ask(f"{shop.url('gateway')}/orders", "POST"), 422, "invalid")


def test_a_product_that_is_not_sold(shop: Fleet) -> None:
    """422 that says where to look."""
    answer = shop.order(an_order("flying-carpet"))
    assert_problem(answer, 422, "unknown-product")
    assert "GET /products" in answer.body["detail"]


def test_a_key_used_again_with_another_body(shop: Fleet) -> None:
    """400: a new order needs a new key."""
    key = new_key()
    assert shop.order(key=key).status == 201
    assert_problem(shop.order(an_order(quantity=2), key=key), 400, "key-reused")


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"host": "127.0.0.1.evil.example:80"}, {"host": ""}])
def test_a_foreign_host(shop: Fleet, headers: dict[str, str]) -> None:
    """403 for a name that is not ours: any web page can point its own at 127.0.0.1."""
    assert_problem(shop.get("/products", **headers), 403, "foreign-host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "[::1]:8080"])
def test_loopback_hosts(shop: Fleet, host: str) -> None:
    """The names of this machine are served."""
    assert shop.get("/products", host=host).status == 200


@pytest.mark.parametrize("service", ["gateway", "order", "payment", "inventory"])
def test_health(shop: Fleet, service: str) -> None:
    """Alive and ready, outside any trace, and never on the list of latest requests."""
    alive, ready = shop.get("/healthz", service), shop.get("/readyz", service)
    assert (alive.status, alive.body["status"]) == (200, "ok")
    assert (ready.status, ready.body) == (200, {"status": "ready"})
    assert "traceresponse" not in alive.headers | ready.headers
    assert not any(request["path"] == "/healthz" for request in shop.get("/latest").body)


def test_the_latest_requests(shop: Fleet) -> None:
    """The control page's list begins with the latest request: time, status and trace."""
    made = shop.order()
    newest = shop.get("/latest").body[0]
    assert (newest["method"], newest["path"], newest["status"]) == ("POST", "/orders", 201)
    assert newest["trace_id"] == made.trace_id
    assert 0 < newest["seconds"] < 30


def test_the_control_page(shop: Fleet) -> None:
    """GET / is a page that needs no other server."""
    page = shop.get("/")
    assert page.headers["content-type"].startswith("text/html")
    text = page.body.decode()
    assert "{{" not in text
    assert not re.search(r"""(src|href)=["']https?://""", text)
