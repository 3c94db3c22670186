"""A customer of a running shop: buys, reads orders, and then has the traces of all that."""

from __future__ import annotations

import time
from collections.abc import Iterable

from discovery import client, search
from discovery.trace import Trace
from lab import orders
from lab.orders import Answer

_PLENTY = 1_000  # pieces
_EARLY = 1.0  # seconds by which a span may lie before the request, as clocks go


class Customer:
    """Asks the gateway at `shop`, and the backend at `query` for what became of it."""

    def __init__(self, shop: str, query: str) -> None:
        self.shop = shop
        self._backend = client.probe(query)
        self._began = time.time()

    def buy(self, skus: Iterable[str] = (), fault: str = "") -> Answer:
        """Order one piece of each, of whatever there is most without a name."""
        return orders.buy(self.shop, *(list(skus) or [orders.a_product(self.shop)]), fault=fault)

    def read(self, order: str) -> Answer:
        """Read an order."""
        return orders.ask(self.shop, "GET", f"/orders/{order}")

    def skus(self) -> list[str]:
        """What is for sale and of which there is plenty, in order."""
        products = orders.ask(self.shop, "GET", "/products").body
        return sorted(product["sku"] for product in products if product["available"] > _PLENTY)

    def traces(self) -> dict[str, Trace]:
        """Every trace since the customer came, by id, once no span comes any more."""
        found = search.settled(self._backend, self._began - _EARLY, time.time())
        return {trace.trace_id: trace for trace in found}
