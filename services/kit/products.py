"""The shop's price list: order and inventory each seed their own database from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.kit.whole import WHOLE

CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Product:
    """Something to buy; `price` in minor units (cents)."""

    sku: str
    name: str
    price: int
    stock: int = 1_000_000


PRODUCTS = (
    Product("espresso-cup", "Espresso cup", 1_250),
    Product("tea-pot", "Tea pot", 3_400),
    Product("notebook", "Notebook", 690),
    Product("desk-lamp", "Desk lamp", 5_999),
    Product("headphones", "Headphones", 12_900),
    Product("backpack", "Backpack", 7_450),
    Product("umbrella", "Umbrella", 2_199),
    Product("last-one", "The last one", 9_900, stock=1),  # runs out: the second who wants it gets a 409
)


class Item(BaseModel):
    """So many of one product, as requests say it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    # The list is for OpenAPI's readers: whether something is sold is asked of the database.
    sku: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9\-]{1,40}$",
            examples=["tea-pot"],
            json_schema_extra={"enum": [product.sku for product in PRODUCTS]},
        ),
    ]
    quantity: Annotated[int, Field(ge=1, le=1000, examples=[1]), WHOLE]


def _each_once(items: list[Item]) -> list[Item]:
    if len({item.sku for item in items}) < len(items):
        raise ValueError("each sku may stand in one item only")
    return items


Items = Annotated[list[Item], Field(min_length=1, max_length=50), AfterValidator(_each_once)]
