"""What happens to a payment: authorised -> captured, or voided from either; the first to change it wins."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.kit.database import Database
from services.payment.model import NewPayment, Payment, payments


async def find(database: Database, key: str, fingerprint: str | None = None) -> Payment | None:
    """The payment of a key; `key_reused` where a fingerprint is given and is not that of the request that made it."""
    async with database.autocommit() as connection:
        row = (await connection.execute(sa.select(payments).where(payments.c.id == key))).one_or_none()
    if row is None:
        return None
    reused = fingerprint is not None and row.fingerprint not in {fingerprint, ""}  # "": voided before it was made
    return Payment(id=key, outcome="key_reused" if reused else row.status)


async def record(database: Database, key: str, fingerprint: str, new: NewPayment, status: str) -> Payment:
    """Write the issuer's answer down; the second of two identical requests at once answers as the first did."""
    row = {"id": key, "fingerprint": fingerprint, "status": status, "amount": new.amount, "currency": new.currency}
    async with database.autocommit() as connection:
        made = (await connection.execute(database.insert_once(payments).values(row))).rowcount
    earlier = None if made else await find(database, key, fingerprint)
    return earlier or Payment(id=key, outcome=status)  # type: ignore[arg-type]  # a status is one of the outcomes


async def capture(connection: AsyncConnection, key: str) -> Payment:
    """Charge what was authorised, once."""
    if await _change(connection, key, "captured", {"authorised"}):
        return Payment(id=key, outcome="captured")
    row = (await connection.execute(sa.select(payments.c.status).where(payments.c.id == key))).one_or_none()
    return Payment(id=key, outcome="unknown" if row is None else row.status)


async def void(database: Database, connection: AsyncConnection, key: str) -> Payment:
    """Undo an authorisation or a charge; one that never came is noted, and charges nothing if it still comes.

    The note first: an authorisation written at this moment is then either waited for, and undone, or finds the note.
    """
    tombstone = {"id": key, "fingerprint": "", "status": "voided", "amount": 0, "currency": "XXX"}  # ISO 4217: none
    if not (await connection.execute(database.insert_once(payments).values(tombstone))).rowcount:
        await _change(connection, key, "voided", {"authorised", "captured"})
    return Payment(id=key, outcome="voided")


async def books(connection: AsyncConnection) -> dict[str, dict[str, int]]:
    """How many payments stand where, and what they amount to."""
    totals = sa.select(payments.c.status, sa.func.count(), sa.func.sum(payments.c.amount)).group_by(payments.c.status)
    rows = (await connection.execute(totals)).all()
    return {status: {"count": count, "amount": int(amount)} for status, count, amount in rows}


async def _change(connection: AsyncConnection, key: str, to: str, allowed: set[str]) -> bool:
    change = sa.update(payments).where(payments.c.id == key, payments.c.status.in_(allowed)).values(status=to)
    return bool((await connection.execute(change)).rowcount)
