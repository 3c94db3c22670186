"""Inventory: products and stock. A reservation takes units off the shelf under a lock, a release puts them back."""

from __future__ import annotations

import sqlalchemy as sa

from services.inventory import model, shelf
from services.inventory.faults import KINDS
from services.inventory.model import NewReservation, Product, Reservation
from services.kit import settings
from services.kit.database import Database
from services.kit.idempotency import REQUIRED, Key, Name, fingerprint
from services.kit.service import service

config = settings.read("inventory")
database = Database("inventory", config.database_url, model.metadata, model.SEED, config.pool_size)
app = service("inventory", config, database=database, faults=KINDS)


@app.get("/products")
async def products() -> list[Product]:
    """Everything for sale, with what is available now."""
    async with database.autocommit() as connection:
        rows = await connection.execute(sa.select(model.stock).order_by(model.stock.c.name))
        return [Product.model_validate(row, from_attributes=True) for row in rows]


@app.post("/reservations")
async def reserve(wanted: NewReservation, key: Key) -> Reservation:
    """Hold units for the caller: all of them or none."""
    items = [item.model_dump() for item in wanted.items]
    async with database.write() as connection:
        return await shelf.reserve(database, connection, key, fingerprint(wanted), items)


@app.post("/reservations/{reservation}/release", dependencies=[REQUIRED])
async def release(reservation: Name) -> Reservation:
    """Put held units back on the shelf."""
    async with database.write() as connection:
        return await shelf.release(database, connection, reservation)


@app.get("/books", include_in_schema=False)
async def books() -> dict[str, int]:
    """Totals: initial = available + reserved, always."""
    async with database.autocommit() as connection:
        return await shelf.books(connection)
