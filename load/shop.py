"""The shop as its customers know it: what each route is asked, and the orders made so far."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from load import answer, target
from load.answer import Answer
from load.schedule import Arrival, Plan, draw

_MOST_LINES = 3  # different products in an order
_MOST_QUANTITY = 3
_VISIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as HTTP; `key` is its Idempotency-Key."""

    method: str
    url: str
    body: Any = None
    key: str | None = None


class Shop:
    """A shop that has been visited: its address, what it sells, and the orders made in this run."""

    def __init__(self, session: aiohttp.ClientSession, address: str, plan: Plan, run: str, skus: list[str]) -> None:
        self.address = address
        self._session = session
        self._seed = plan.seed
        self._run = run
        self._skus = skus
        self._orders: list[str] = []

    def ask(self, arrival: Arrival) -> Ask:
        """Say what a request asks for; only which order is read depends on what was answered before."""
        method, _, path = arrival.route.partition(" ")
        if arrival.route == "POST /orders":
            body = {"items": self._items(arrival.sequence), "card": "tok_visa"}
            # The run's name is in it, or a second run of the same seed would only be told what the first one did.
            return Ask(method, self.address + path, body, f"{self._run}-{self._seed}-{arrival.sequence}")
        if arrival.route == "GET /orders/{id}":
            path = f"/orders/{self._pick(self._orders, 'order', arrival.sequence) if self._orders else 'none-made-yet'}"
        return Ask(method, self.address + path)

    async def send(self, ask: Ask, headers: Mapping[str, str]) -> Answer:
        """Do a request and read its answer to the end."""
        if ask.key:
            headers = {**headers, "Idempotency-Key": ask.key}
        try:
            async with self._session.request(
                ask.method, ask.url, json=ask.body, headers=headers, allow_redirects=False
            ) as response:
                body = await response.read()
        except Exception as error:  # whatever a strange answer makes the client raise, it is this request's error
            return Answer(None, answer.error_class(error))
        if response.status != 201:
            return answer.of_status(response.status)
        try:
            self._orders.append(str(json.loads(body)["id"]))
        except (ValueError, TypeError, KeyError):
            return Answer(response.status, "bad_answer")
        return Answer(response.status)

    def _items(self, sequence: int) -> list[dict[str, Any]]:
        lines = 1 + int(draw(self._seed, "lines", sequence) * min(_MOST_LINES, len(self._skus)))
        first = self._pick(range(len(self._skus)), "sku", sequence)
        skus = [self._skus[(first + line) % len(self._skus)] for line in range(lines)]  # each once, as the shop asks
        return [{"sku": sku, "quantity": 1 + self._pick(range(_MOST_QUANTITY), sku, sequence)} for sku in skus]

    def _pick(self, among: Any, what: str, sequence: int) -> Any:
        return among[int(draw(self._seed, what, sequence) * len(among))]


async def visit(session: aiohttp.ClientSession, address: str, plan: Plan, run: str, headers: Mapping[str, str]) -> Shop:
    """Ask a shop what it sells; Unreachable where none answers."""
    timeout = aiohttp.ClientTimeout(total=_VISIT_SECONDS)
    try:
        async with session.get(f"{address}/products", headers=headers, timeout=timeout) as response:
            body = await response.read()
    except (aiohttp.ClientError, OSError) as error:
        raise target.unreachable(address, answer.error_class(error).replace("_", " ")) from None
    if response.status != 200:
        raise target.unreachable(address, f"GET /products was answered with {response.status}")
    try:
        stock = {str(product["sku"]): int(product["available"]) for product in json.loads(body)}
    except (ValueError, TypeError, KeyError):
        stock = {}
    if not stock:
        raise target.unreachable(address, "GET /products did not list any")
    # What is nearly sold out would turn into 409s in the midst of the run.
    plenty = [sku for sku, available in stock.items() if available >= len(plan.arrivals) * _MOST_QUANTITY]
    return Shop(session, address, plan, run, sorted(plenty or stock))
