"""Order's tables and the shapes of its requests and answers."""

from __future__ import annotations

from typing import Annotated, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from services.kit.products import PRODUCTS, Item, Items

metadata = sa.MetaData()

prices = sa.Table(
    "prices",
    metadata,
    sa.Column("sku", sa.String(40), primary_key=True),
    sa.Column("price", sa.BigInteger, nullable=False),  # minor units
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("key", sa.String(200), unique=True, nullable=False),  # the caller's idempotency key
    sa.Column("fingerprint", sa.String(64), nullable=False),
    # pending -> confirmed; or pending -> undoing -> declined, out_of_stock or failed
    sa.Column("status", sa.String(16), index=True, nullable=False),
    sa.Column("becomes", sa.String(16)),  # what an order that is being undone will be
    sa.Column(
        "deadline", sa.Float, nullable=False
    ),  # Unix time: still pending after it, it was left behind and is undone
    sa.Column("lines", sa.JSON, nullable=False),  # [{"sku", "quantity", "price"}]
    sa.Column("total", sa.BigInteger, nullable=False),  # minor units
    sa.Column("currency", sa.String(3), nullable=False),
)

SEED = [(prices, [{"sku": product.sku, "price": product.price} for product in PRODUCTS])]


class NewOrder(BaseModel):
    """What a customer sends."""

    model_config = ConfigDict(extra="forbid", strict=True)

    items: Items
    card: Annotated[str, Field(pattern=r"^tok_[a-z0-9_]{1,40}$", examples=["tok_visa"])]


class Line(Item):
    """An item with its price at the time of the order, in minor units."""

    price: int


class Order(BaseModel):
    """An order as it stands; `total` in minor units."""

    id: str
    status: Literal["pending", "confirmed", "undoing", "declined", "out_of_stock", "failed"]
    items: list[Line]
    total: int
    currency: str


class Placed(BaseModel):
    """What became of a request to order: business outcomes, none an error. `order` is absent where none was made."""

    outcome: Literal[
        "confirmed",
        "declined",
        "out_of_stock",
        "failed",
        "in_progress",
        "key_reused",
        "unknown_product",
        "unknown_order",
    ]
    order: Order | None = None
