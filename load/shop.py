"""The shop as its customers know it: what each route is asked, and the orders made so far."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

import aiohttp
import msgspec
from aiohttp.http import HttpProcessingError

from load import answer, target
from load.answer import Answer
from load.schedule import Arrival, Plan, draw
from load.wire import Wire

_MOST_LINES = 3  # different products in an order
_MOST_QUANTITY = 3
_VISIT_SECONDS = 10.0
_NONE = ("/orders/none-made-yet",)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as HTTP, the path without the shop's address; `key` is its Idempotency-Key."""

    method: str
    path: str
    body: bytes = b""
    key: str | None = None


class _Made(msgspec.Struct):
    """What is read of the answer to a new order."""

    id: str | int


_made = msgspec.json.Decoder(_Made)


class Shop:
    """A shop that has been visited: what it sells, what it will be asked, and the orders made in this run."""

    def __init__(self, wire: Wire, plan: Plan, run: str, skus: Sequence[str]) -> None:
        self._wire = wire
        self._seed = plan.seed
        self._run = run
        self._bodies = _bodies(plan, skus)
        self._orders: list[str] = []  # their paths

    def ask(self, arrival: Arrival) -> Ask:
        """Say what a request asks for; only which order is read depends on what was answered before."""
        method, _, path = arrival.route.partition(" ")
        if arrival.route == "POST /orders":
            # The run's name is in it, or a second run of the same seed would only be told what the first one did.
            key = f"{self._run}-{self._seed}-{arrival.sequence}"
            return Ask(method, path, self._bodies[arrival.sequence], key)
        if arrival.route == "GET /orders/{id}":
            path = (
                _pick(self._orders, self._seed, "order", arrival.sequence) if self._orders else "/orders/none-made-yet"
            )
        return Ask(method, path)

    async def send(self, ask: Ask, headers: Mapping[str, str]) -> Answer:
        """Do a request and read its answer to the end."""
        if ask.key:
            headers = {**headers, "Idempotency-Key": ask.key, "Content-Type": "application/json"}
        try:
            status, body = await self._wire.exchange(ask.method, ask.path, headers, ask.body)
        except Exception as error:  # whatever a strange answer makes the client raise, it is this request's error
            return Answer(None, answer.error_class(error))
        if status == 201:
            try:
                self._orders.append(f"/orders/{quote(str(_made.decode(body).id), safe='')}")
            except (msgspec.DecodeError, ValueError):
                return Answer(status, "bad_answer")
        return answer.of_status(status)


async def visit(wire: Wire, address: str, plan: Plan, run: str, headers: Mapping[str, str]) -> Shop:
    """Ask a shop what it sells; Unreachable where none answers."""
    try:
        async with asyncio.timeout(_VISIT_SECONDS):
            status, body = await wire.exchange("GET", "/products", headers, b"")
    except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
        raise target.unreachable(address, answer.error_class(error).replace("_", " ")) from None
    if status != 200:
        raise target.unreachable(address, f"GET /products was answered with {status}")
    try:
        stock = {str(product["sku"]): int(product["available"]) for product in json.loads(body)}
    except (ValueError, TypeError, KeyError):
        stock = {}
    if not stock:
        raise target.unreachable(address, "GET /products did not list any")
    # What is nearly sold out would turn into 409s in the midst of the run.
    plenty = [sku for sku, available in stock.items() if available >= len(plan.arrivals) * _MOST_QUANTITY]
    return Shop(wire, plan, run, sorted(plenty or stock))


def _bodies(plan: Plan, skus: Sequence[str]) -> list[bytes]:
    """Write every order beforehand, in the order of the arrivals; equal ones are kept once."""
    kept: dict[bytes, bytes] = {}
    bodies = [b""] * len(plan.arrivals)
    for arrival in plan.arrivals:
        if arrival.route == "POST /orders":
            body = _order(plan.seed, arrival.sequence, skus)
            bodies[arrival.sequence] = kept.setdefault(body, body)
    return bodies


def _order(seed: int, sequence: int, skus: Sequence[str]) -> bytes:
    lines = 1 + int(draw(seed, "lines", sequence) * min(_MOST_LINES, len(skus)))
    first = _pick(range(len(skus)), seed, "sku", sequence)
    wanted = [skus[(first + line) % len(skus)] for line in range(lines)]  # each once, as the shop asks
    items = [{"sku": sku, "quantity": 1 + _pick(range(_MOST_QUANTITY), seed, sku, sequence)} for sku in wanted]
    return msgspec.json.encode({"items": items, "card": "tok_visa"})


def _pick(among: Sequence[T], seed: int, what: str, sequence: int) -> T:
    return among[int(draw(seed, what, sequence) * len(among))]
