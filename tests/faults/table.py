"""Which fault is tried on which requests, and what must be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.faults.signatures import (
    Shows,
    bug,
    charged_twice,
    childless,
    cut_off,
    gave_up,
    huge,
    idle_in_transaction,
    late_start,
    long_call,
    nobody_there,
    orphaned,
    outage,
    outlives,
    queued_for_lock,
    refused,
    serial,
    slow_statement,
    staircase,
    starved_of_connections,
    stormy,
    taken_back,
    turned_down,
    uncaptured,
    waited,
)

ORDERS = ("POST /orders",)
READING = ("GET /orders/{id}",)
BOTH = ("POST /orders", "GET /orders/{id}")
PRODUCTS = ("GET /products",)


@dataclass(frozen=True, slots=True)
class Signature:
    """`shows` is true of every affected trace, and false of all others.

    `infects` is true of some innocent trace of the same run, where the fault is contagious. `orphan` is true of some
    trace that no request began. `entry` names the services that may begin one.
    """

    fault: str
    routes: tuple[str, ...]
    shows: Shows
    infects: Shows | None = None
    orphan: Shows | None = None
    entry: tuple[str, ...] = ()
    requests: int = 24
    percent: float = 35


CORE: Sequence[Signature] = (
    Signature("payment.latency:500ms", BOTH, late_start("payment", 0.5)),
    Signature("gateway.latency:500ms", BOTH, late_start("gateway", 0.5)),
    Signature("order.error:500", BOTH, refused("order")),
    Signature("inventory.error", ORDERS, refused("inventory")),
    Signature("order.slow-query:200", BOTH, slow_statement("order", 0.1)),
    Signature("payment.slow-query:200", BOTH, slow_statement("payment", 0.1)),
    Signature("inventory.slow-query:200", ORDERS, slow_statement("inventory", 0.1)),
    Signature("order.n-plus-one:20", BOTH, staircase("order", 20)),
    Signature("payment.n-plus-one:15", BOTH, staircase("payment", 15)),
    Signature("inventory.n-plus-one:15", ORDERS, staircase("inventory", 15)),
    Signature("payment.slow-dependency:700ms", ORDERS, long_call("payment", 0.7)),
    Signature("gateway.serial-fan-out", READING, serial("gateway")),
    Signature("order.exception", BOTH, bug("order")),
    Signature("payment.exception", READING, bug("payment")),
    Signature("inventory.exception", ORDERS, bug("inventory")),
    Signature("order.timeout-mismatch:400ms", ORDERS, gave_up("order"), requests=16),
    Signature("gateway.timeout-mismatch:400ms", ORDERS, gave_up("gateway"), requests=16),
    Signature("order.retry-storm:3", ORDERS, stormy("order", 3), requests=16),
    Signature("payment.retry-storm:4", ORDERS, stormy("payment", 4), requests=16),
    Signature("gateway.broken-propagation", BOTH, childless("gateway", ""), None, orphaned("order"), ("order",)),
    Signature("order.broken-propagation", ORDERS, childless("order", ""), None, orphaned("payment"), ("payment",)),
    Signature(
        "inventory.breaker-open:3s",
        ORDERS,
        outage("inventory"),
        cut_off("order"),
        requests=50,
        percent=15,
    ),
    Signature(
        "payment.breaker-open:3s",
        ORDERS,
        outage("payment"),
        cut_off("order"),
        requests=50,
        percent=15,
    ),
    Signature("order.blocked-loop:800ms", BOTH, waited("order", "loop", 0.4), waited("order", "loop", 0.4), percent=8),
    Signature(
        "gateway.blocked-loop:800ms",
        PRODUCTS,
        waited("gateway", "loop", 0.4),
        waited("gateway", "loop", 0.4),
        percent=8,
    ),
)

LOCKS: Mapping[str, Signature] = {
    database: Signature(
        "inventory.lock-contention:800ms",
        ORDERS,
        idle_in_transaction("inventory", 0.8),
        queued_for_lock("inventory", statement, 0.3),
        percent=8,
    )
    for database, statement in {"sqlite": "BEGIN", "postgres": "FOR UPDATE"}.items()
}

REST: Sequence[Signature] = (
    LOCKS["sqlite"],
    Signature(
        "order.pool-exhaustion:800ms",
        BOTH,
        starved_of_connections("order", 0.3),
        starved_of_connections("order", 0.3),
        percent=8,
    ),
    Signature(
        "inventory.pool-exhaustion:800ms",
        ORDERS,
        starved_of_connections("inventory", 0.3),
        starved_of_connections("inventory", 0.3),
        percent=8,
    ),
    Signature(
        "payment.thread-starvation:1s",
        ORDERS,
        waited("payment", "thread", 0.4),
        waited("payment", "thread", 0.4),
        percent=8,
    ),
    Signature("inventory.large-payload:16MB", ORDERS, huge("inventory", 16_000_000), requests=16),
    Signature("order.large-payload:16MB", BOTH, huge("order", 16_000_000), requests=16),
    Signature("payment.slow-tail:800ms", BOTH, late_start("payment", 0.8), percent=10, requests=30),
    Signature("order.swallowed-error", ORDERS, uncaptured),
    Signature("payment.partial-failure", ORDERS, taken_back),
    Signature("order.double-charge", ORDERS, charged_twice),
    Signature("inventory.service-down", ORDERS, nobody_there("order")),
    Signature("payment.service-down", ORDERS, nobody_there("order")),
    Signature("order.service-down", READING, nobody_there("gateway")),
    Signature("payment.declined", ORDERS, turned_down),
    Signature("inventory.work-after-response:400ms", ORDERS, outlives("inventory", 0.3)),
    Signature("payment.work-after-response:400ms", BOTH, outlives("payment", 0.3)),
)
