"""What happens to the stock, within one transaction: rows are locked first, then changed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.model import Reservation, reservations, stock
from services.kit.database import Database
from services.kit.problems import Problem


async def reserve(
    database: Database, connection: AsyncConnection, key: str, fingerprint: str, items: list[dict[str, Any]]
) -> Reservation:
    """Hold all items or none; a key that was used before answers as it did then."""
    row = {"id": key, "fingerprint": fingerprint, "status": "reserved", "lines": items}
    if not (await connection.execute(database.insert_once(reservations).values(row))).rowcount:
        earlier = (await connection.execute(sa.select(reservations).where(reservations.c.id == key))).one()
        same = earlier.fingerprint in {fingerprint, ""}  # "": released before it was made
        return Reservation(id=key, outcome=earlier.status if same else "key_reused")
    if await _take(connection, items):
        return Reservation(id=key, outcome="reserved")
    await _set_status(connection, key, "out_of_stock")
    return Reservation(id=key, outcome="out_of_stock")


async def release(database: Database, connection: AsyncConnection, key: str) -> Reservation:
    """Put held units back; a reservation that never came is noted as released, and holds nothing if it still comes."""
    tombstone = {"id": key, "fingerprint": "", "status": "released", "lines": []}
    if not (await connection.execute(database.insert_once(reservations).values(tombstone))).rowcount:
        held = (
            await connection.execute(sa.select(reservations).where(reservations.c.id == key).with_for_update())
        ).one()
        if held.status == "reserved":
            await _move(connection, {item["sku"]: item["quantity"] for item in held.lines})
            await _set_status(connection, key, "released")
    return Reservation(id=key, outcome="released")


async def books(connection: AsyncConnection) -> dict[str, int]:
    """Totals: initial = available + reserved, always."""
    initial, available = (
        await connection.execute(sa.select(sa.func.sum(stock.c.initial), sa.func.sum(stock.c.available)))
    ).one()
    held = await connection.execute(sa.select(reservations.c.lines).where(reservations.c.status == "reserved"))
    reserved = sum(item["quantity"] for (lines,) in held for item in lines)
    return {"initial": int(initial), "available": int(available), "reserved": reserved}


async def _take(connection: AsyncConnection, items: list[dict[str, Any]]) -> bool:
    wanted = {item["sku"]: item["quantity"] for item in items}
    # Locked in the order of the skus, so that two orders of the same products cannot wait for each other.
    rows = (
        sa.select(stock.c.sku, stock.c.available).where(stock.c.sku.in_(wanted)).order_by(stock.c.sku).with_for_update()
    )
    available = {row.sku: row.available for row in await connection.execute(rows)}
    if len(available) < len(wanted):
        raise Problem(422, "unknown-product", "One of the skus is not in stock here, and never was.")
    if any(available[sku] < quantity for sku, quantity in wanted.items()):
        return False
    await _move(connection, {sku: -quantity for sku, quantity in wanted.items()})
    return True


async def _move(connection: AsyncConnection, changes: dict[str, int]) -> None:
    change = (
        sa.update(stock)
        .where(stock.c.sku == sa.bindparam("it"))
        .values(available=stock.c.available + sa.bindparam("n"))
    )
    await connection.execute(change, [{"it": sku, "n": changes[sku]} for sku in sorted(changes)])


async def _set_status(connection: AsyncConnection, key: str, status: str) -> None:
    await connection.execute(sa.update(reservations).where(reservations.c.id == key).values(status=status))
