"""Services as processes: several starting at once, replicas, an orderly end, and what they log."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from urllib.parse import urlsplit

from services.kit.products import PRODUCTS
from tests.real.process import answers, wait_until
from tests.services.asking import at_once, attest, eventually, new_key
from tests.services.fleet import Fleet

Start = Callable[..., AbstractContextManager[Fleet]]


def test_several_start_at_once_on_an_empty_database(started: Start, database: str) -> None:
    """Six processes of one service make the schema and its products once, and all of them serve."""
    with started(database, names=()) as shop:
        twins = [shop.twin("inventory", offset) for offset in range(100, 700, 100)]
        try:
            for twin in twins:
                wait_until(
                    lambda twin=twin: answers(f"http://127.0.0.1:{twin.process.ports[0]}/readyz"),
                    30,
                    lambda twin=twin: twin.exit_code is None,
                    lambda twin=twin: twin.log.read_text("utf-8")[-3000:],
                )
            shop.start("inventory")
            assert len(shop.get("/products", "inventory").body) == len(PRODUCTS)
            assert shop.get("/books", "inventory").body["available"] == sum(product.stock for product in PRODUCTS)
        finally:
            for twin in twins:
                twin.end()
            assert [twin.wait(15) for twin in twins] == [True] * 6
        assert {twin.exit_code for twin in twins} == {0}
        assert not any("exception" in line for twin in twins for line in shop.log(twin.log.stem))


def test_a_restart_keeps_what_was_sold(started: Start, database: str) -> None:
    """Starting again neither refills the shelves nor forgets an order."""
    with started(database) as shop:
        made = shop.order()
        books = shop.books()
        for service in ("inventory", "payment", "order"):
            assert shop.end(service) == 0
            shop.start(service)
        assert shop.books() == books
        assert shop.get(made.headers["location"]).body["status"] == "confirmed"


def test_replicas_take_turns(started: Start) -> None:
    """With two payment services on one database each answers half, and one key means one payment at both."""
    with started(replicas={"payment": 1100}) as shop:
        key = new_key()
        orders = at_once([partial(shop.order, key=key)] * 2 + [shop.order] * 10, 4)
        assert [order.status for order in orders if order] == [201] * 12
        served = {
            name: sum("POST /payments" in line["message"] for line in shop.log(name))
            for name in ("payment", "payment-1100")
        }
        assert served["payment"] + served["payment-1100"] == 22  # eleven orders: an authorisation and a capture each
        assert min(served.values()) >= 9, served
        shop.settle()


def test_a_dead_replica_costs_no_order(started: Start) -> None:
    """With one of two payment services killed a retry reaches the other."""
    with started(replicas={"payment": 1100}) as shop:
        shop.kill("payment")
        assert [shop.order().status for _ in range(6)] == [201] * 6
        shop.start("payment")
        shop.settle()


def test_an_orderly_end(started: Start) -> None:
    """SIGTERM while a slow order runs: it is answered 201, new connections are refused, the exit code is 0."""
    with started() as shop, ThreadPoolExecutor(1) as pool:
        for service in ("gateway", "order"):
            key = new_key()
            slow = pool.submit(shop.order, key=key, baggage="fault=payment.latency:1s")
            eventually(lambda key=key: attest(shop.orders_id(key)), 5, 0.02)
            ends_in_order(shop, service)
            assert slow.result().status == 201
            shop.start(service)
        for service, path in (("payment", "/payments/x"), ("inventory", "/products")):
            slow = pool.submit(shop.get, path, service, baggage=f"fault={service}.latency:1500ms")
            time.sleep(0.5)
            ends_in_order(shop, service)
            assert slow.result().status == 200
            shop.start(service)
        shop.settle()


def ends_in_order(shop: Fleet, service: str) -> None:
    """Tell a service to end in the middle of a request; it takes no new one, finishes, and ends without an error."""
    child, address = shop.running.pop(service), urlsplit(shop.url(service))
    child.end()
    eventually(lambda: attest(_refused(address.hostname, address.port)), 3, 0.02)
    assert child.exit_code is None, "it did not wait for the request"
    assert child.wait(10)
    assert child.exit_code == 0


def _refused(host: str | None, port: int | None) -> bool:
    try:
        with socket.create_connection((host or "", port or 0), timeout=1):
            return False
    except ConnectionRefusedError:
        return True


def test_logs_name_the_trace(shop: Fleet) -> None:
    """Each request is one JSON line in each service it crossed, with its trace id, and without the card."""
    made = shop.order()
    eventually(lambda: attest(len(lines_of(shop, made.trace_id)) == 5), 5)  # payment is asked twice
    lines = lines_of(shop, made.trace_id)
    assert {line["service"] for line in lines} == {"gateway", "order", "payment", "inventory"}
    for line in lines:
        assert re.fullmatch("[0-9a-f]{16}", line["span_id"])
        assert (line["level"], line["logger"]) == ("info", "tracelab.edge")
        assert line["status"] in {200, 201}
        assert line["duration_ms"] > 0
        assert "tok_visa" not in str(line)
    assert len({line["span_id"] for line in lines}) == 5


def test_logs_name_no_fault(shop: Fleet) -> None:
    """What goes wrong on purpose looks as if it just went wrong."""
    failed = shop.order(baggage="fault=inventory.error:503~payment.latency:20ms")
    assert failed.status == 503
    eventually(lambda: attest(len(lines_of(shop, failed.trace_id)) >= 4), 5)
    assert "fault" not in str(lines_of(shop, failed.trace_id)).lower()
    assert "fault" not in str(failed.body).lower()
    shop.settle(budget=4)


def lines_of(shop: Fleet, trace_id: str) -> list[dict[str, object]]:
    """Every service's log lines of one trace."""
    names = ("gateway", "order", "payment", "inventory")
    return [line for name in names for line in shop.log(name) if line.get("trace_id") == trace_id]
