"""Inventory's tables and the shapes of its requests and answers."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from services.kit.products import CURRENCY, PRODUCTS, Items

metadata = sa.MetaData()

stock = sa.Table(
    "stock",
    metadata,
    sa.Column("sku", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("price", sa.BigInteger, nullable=False),  # minor units
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("initial", sa.BigInteger, nullable=False),
    sa.Column("available", sa.BigInteger, sa.CheckConstraint("available >= 0"), nullable=False),
)

reservations = sa.Table(
    "reservations",
    metadata,
    sa.Column("id", sa.String(200), primary_key=True),  # the caller's idempotency key
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),  # reserved, out_of_stock, released
    sa.Column("lines", sa.JSON, nullable=False),  # [{"sku", "quantity"}]
)

_ROWS = [
    {"sku": p.sku, "name": p.name, "price": p.price, "currency": CURRENCY, "initial": p.stock, "available": p.stock}
    for p in PRODUCTS
]
SEED = [(stock, _ROWS)]


class NewReservation(BaseModel):
    """What to hold."""

    model_config = ConfigDict(extra="forbid", strict=True)

    items: Items


class Reservation(BaseModel):
    """An answer of reserve and release; `released` to a reserve says that it was undone before it came."""

    id: str
    outcome: Literal["reserved", "out_of_stock", "released", "key_reused"]


class Product(BaseModel):
    """Something to buy; `price` in minor units."""

    sku: str
    name: str
    price: int
    currency: str
    available: int
