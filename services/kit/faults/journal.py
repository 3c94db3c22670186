"""A big table that the shop itself has no use for: the slow query scans it, and n-plus-one reads it row by row."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

ROWS = 20_000

journal = sa.Table(
    "journal",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("note", sa.String(80), nullable=False),  # no index, as is the point
)


async def fill(connection: AsyncConnection) -> None:
    """Create the table and its rows, where they are missing."""
    await connection.run_sync(journal.metadata.create_all)
    if (await connection.execute(sa.select(sa.func.max(journal.c.id)))).scalar() is not None:
        return
    numbers = sa.select(sa.literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(sa.select(numbers.c.n + 1).where(numbers.c.n < ROWS))
    # Spread by a prime, so that the notes are in another order than their ids.
    note = sa.literal("entry ") + sa.cast(numbers.c.n * 7919 % ROWS, sa.String)
    await connection.execute(journal.insert().from_select(["id", "note"], sa.select(numbers.c.n, note)))
