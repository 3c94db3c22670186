"""Too busy, down, cut off, out of time: each says which, and when to come back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial

from tests.services.asking import assert_problem, at_once, attest, eventually, raw
from tests.services.fleet import Fleet

Start = Callable[..., AbstractContextManager[Fleet]]


def test_too_busy(started: Start) -> None:
    """429 with Retry-After past the limit of requests in flight; health still answers, and all is well after."""
    with started(each={"gateway": {"TRACELAB_IN_FLIGHT_LIMIT": "4"}}) as shop:
        with ThreadPoolExecutor(4) as pool:
            slow = [pool.submit(shop.order, baggage="fault=payment.latency:1s") for _ in range(4)]
            eventually(lambda: attest(shop.books()["order"].get("pending", {}).get("count") == 4), 5)
            answers = at_once([shop.order] * 8)
            assert shop.get("/healthz").status == shop.get("/readyz").status == 200
            assert [answer.result().status for answer in slow] == [201] * 4
        for answer in answers:
            assert answer
            assert_problem(answer, 429, "too-busy")
            assert int(answer.headers["retry-after"]) >= 1
        assert shop.order().status == 201
        shop.settle()


def test_down_then_cut_off_then_back(started: Start) -> None:
    """503 while a service is down; after ten failures its breaker is open, and says for how long; then it closes."""
    with started() as shop:
        shop.kill("inventory")
        for _ in range(10):
            assert_problem(shop.order(), 503, "unavailable")
        refused = [line for line in shop.log("order") if "breaker" in line["message"]]
        assert [line["state"] for line in refused] == ["open"]
        began = time.monotonic()
        answer = shop.get("/products")  # the gateway's own breaker for inventory is still closed
        assert_problem(answer, 503, "unavailable")
        for _ in range(10):
            answer = shop.get("/products")
        assert_problem(answer, 503, "unavailable")
        assert "cut off" in answer.body["detail"]
        assert 1 <= int(answer.headers["retry-after"]) <= 5
        assert shop.get("/healthz").status == 200
        shop.start("inventory")
        shop.calm()
        assert time.monotonic() - began > 2
        states = [line["state"] for line in shop.log("order") if "breaker" in line["message"]]
        assert states[0] == "open"
        assert states[-2:] == ["half-open", "closed"]
        shop.settle()


def test_out_of_time(shop: Fleet) -> None:
    """504 soon after the caller's own budget, which no service may exceed; the least budgets too."""
    began = time.monotonic()
    answer = shop.order(x_budget_ms="500", baggage="fault=payment.latency:1500ms")
    assert_problem(answer, 504, "out-of-time")
    assert time.monotonic() - began < 2.5
    for least in ("0", "1", "000000003"):
        assert shop.order(x_budget_ms=least).status == 504
    shop.calm()
    shop.settle()


def test_one_customers_haste_cuts_nobody_off(shop: Fleet) -> None:
    """Budgets too short to succeed are their sender's trouble: the services behind are not cut off for others."""
    answers = at_once([partial(shop.order, x_budget_ms="2")] * 30)
    assert Counter(answer.status if answer else 0 for answer in answers) == {504: 30}
    assert shop.order().status == 201
    shop.settle()


def test_a_budget_cannot_be_raised(started: Start) -> None:
    """A caller may shorten the service's own budget, not lengthen it."""
    with started(TRACELAB_BUDGET_MS="700") as shop:
        assert_problem(shop.order(x_budget_ms="60000", baggage="fault=inventory.latency:1500ms"), 504, "out-of-time")
        shop.settle(budget=4)


def test_a_body_that_does_not_come(started: Start) -> None:
    """504 to whoever announces a body and never sends it all; meanwhile others are served, even at the limit."""
    head = b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with (
        started(TRACELAB_BUDGET_MS="1500", TRACELAB_IN_FLIGHT_LIMIT="2") as shop,
        ThreadPoolExecutor(4) as pool,
    ):
        late = [
            pool.submit(raw, shop.url("gateway"), head + rest)
            for rest in (b'Content-Length: 99\r\n\r\n{"items"', b'Transfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n') * 2
        ]
        time.sleep(0.3)
        assert shop.order().status == 201
        for answer in late:
            assert_problem(answer.result(), 504, "out-of-time")


def test_faults_are_off_unless_asked_for(started: Start) -> None:
    """Without TRACELAB_FAULTS=on the gateway takes the fault off the baggage: not even willing services see it."""
    with started(each={"gateway": {"TRACELAB_FAULTS": "off"}}) as shop:
        for fault in ("gateway.error", "order.error", "payment.error:503", "inventory.latency:9s"):
            began = time.monotonic()
            assert shop.order(baggage=f"fault={fault},user=ada").status == 201
            assert time.monotonic() - began < 5
        shop.settle()


def test_every_service_ignores_faults_unless_asked(started: Start) -> None:
    """Each service by itself obeys only when it is told to."""
    with started(TRACELAB_FAULTS="") as shop:
        for service, path in (
            ("gateway", "/products"),
            ("order", "/orders/x"),
            ("payment", "/payments/x"),
            ("inventory", "/products"),
        ):
            assert shop.get(path, service, baggage=f"fault={service}.error").status == 200


def test_a_fault_dies_with_its_request(shop: Fleet) -> None:
    """The next request meets nothing, and a request meets only the faults of the service named."""
    assert_problem(shop.get("/products", baggage="fault=gateway.error:503"), 503, "unavailable")
    assert shop.get("/products").status == 200
    assert shop.get("/products", "inventory", baggage="fault=payment.error").status == 200


def test_faults_have_bounds(shop: Fleet) -> None:
    """Nonsense is no fault: unknown names, parameters out of bounds, more than three at once."""
    nonsense = (
        "gateway.error:200",
        "gateway.error:600",
        "gateway.error:x",
        "gateway.error:\u0665\u0660\u0663",
        "gateway.latency:11s",
        "gateway.latency:0ms",
        "gateway.latency:-5ms",
        "gateway.latency:1e9ms",
        "gateway.melt",
        "kitchen.error",
        "gateway",
        "",
        "~~",
        "gateway.error~gateway.error~gateway.error~gateway.error",
    )
    for fault in nonsense:
        began = time.monotonic()
        assert shop.get("/products", baggage=f"fault={fault}".encode()).status == 200, fault
        assert time.monotonic() - began < 5
