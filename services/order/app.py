"""Order: takes an order through payment, stock and payment again. How, and how it is undone, is in `checkout`."""

from __future__ import annotations

from functools import partial

from services.kit import settings
from services.kit.background import repeat
from services.kit.client import Peer
from services.kit.database import Database
from services.kit.faults.variant import instead_of
from services.kit.idempotency import Key, Name
from services.kit.service import service
from services.order import model
from services.order.checkout import Checkout
from services.order.faults import KINDS
from services.order.model import NewOrder, Placed

config = settings.read("order")
database = Database("order", config.database_url, model.metadata, model.SEED, config.pool_size)
payment = Peer("payment", config.urls("payment", 8082))
inventory = Peer("inventory", config.urls("inventory", 8083))
checkout = Checkout(database, payment, inventory)
settling = partial(repeat, checkout.settle, every=1.0)
app = service("order", config, database=database, peers=[payment, inventory], background=[settling], faults=KINDS)


@app.post("/orders")
async def place(new: NewOrder, key: Key) -> Placed:
    """Order: charged and reserved, or nothing of the kind."""
    return await instead_of(checkout).place(new, key)


@app.get("/orders/{order}")
async def read(order: Name) -> Placed:
    """An order as it stands."""
    return await checkout.find(order)


@app.get("/books", include_in_schema=False)
async def books() -> dict[str, dict[str, int]]:
    """Orders by status: how many, how much, how many units."""
    return await checkout.books()
