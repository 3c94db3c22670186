"""The API gateway: routes to the services, turns their outcomes into statuses, and shows the control page."""

from __future__ import annotations

import asyncio
import uuid

from fastapi import Response

from gateway import cache, page
from gateway.faults import KINDS
from gateway.latest import Latest
from gateway.outcomes import refusal
from gateway.shapes import NewOrder, Order, OrderWithPayment, Product
from services.kit import idempotency, settings
from services.kit.client import Peer
from services.kit.faults.variant import instead_of
from services.kit.service import documented, service

config = settings.read("gateway")
order_service = Peer("order", config.urls("order", 8081))
payment = Peer("payment", config.urls("payment", 8082))
inventory = Peer("inventory", config.urls("inventory", 8083))
latest = Latest()
peers = [order_service, payment, inventory]
app = service("gateway", config, peers=peers, faults=KINDS, observer=latest.note, own_hosts_only=True)
app.include_router(page.routes(config, latest))


@app.post("/orders", status_code=201, responses=documented(402))
async def place(new: NewOrder, response: Response, key: idempotency.OptionalKey = None) -> Order:
    """Place an order: charged and reserved, or nothing of the kind."""
    placed = (await order_service.post("/orders", new.model_dump(), key or uuid.uuid4().hex)).body
    if placed["outcome"] != "confirmed":
        raise refusal(placed["outcome"])
    response.headers["location"] = f"/orders/{placed['order']['id']}"
    return Order.model_validate(placed["order"])


@app.get("/orders/{order}")
async def read(order: str) -> OrderWithPayment:
    """An order and its payment, asked for side by side."""
    if not idempotency.is_name(order):
        raise refusal("unknown_order")
    side_by_side = instead_of(asyncio.gather)
    found, paid = await side_by_side(order_service.get(f"/orders/{order}"), payment.get(f"/payments/{order}"))
    if found.body["order"] is None:
        raise refusal("unknown_order")
    return OrderWithPayment.model_validate(found.body["order"] | {"payment": paid.body["outcome"]})


@app.get("/products")
async def products() -> list[Product]:
    """What is for sale; up to a second old."""
    listed = await cache.products.get(lambda: inventory.get("/products"))
    return [Product.model_validate(product) for product in listed.body]
