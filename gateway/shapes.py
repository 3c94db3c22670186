"""What the gateway takes and answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.kit.products import Items


class NewOrder(BaseModel):
    """What a customer sends."""

    model_config = ConfigDict(extra="forbid", strict=True)

    items: Items
    card: Annotated[str, Field(pattern=r"^tok_[a-z0-9_]{1,40}$", examples=["tok_visa"])]


class Line(BaseModel):
    """An item with its price at the time of the order, in minor units."""

    sku: str
    quantity: int
    price: int


class Order(BaseModel):
    """An order; `total` in minor units."""

    id: str
    status: str
    items: list[Line]
    total: int
    currency: str


class OrderWithPayment(Order):
    """An order and how its payment stands: authorised, captured, voided, declined or unknown."""

    payment: str


class Product(BaseModel):
    """Something to buy; `price` in minor units."""

    sku: str
    name: str
    price: int
    currency: str
    available: int
