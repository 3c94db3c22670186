"""Inventory's own deliberate defect.

`inventory.lock-contention[:500ms]`  a transaction keeps the stock's rows locked while it does something else.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response

from services.inventory.model import stock
from services.kit.faults.fault import Handle, Here, kind
from services.kit.faults.parameters import seconds


@dataclass(frozen=True, slots=True)
class LockContention:
    """Locks every row, and lets go late."""

    seconds: float

    @classmethod
    def parse(cls, text: str) -> LockContention:
        """From 10 ms to 5 s."""
        return cls(seconds(text or "500ms", 0.01, 5))

    async def meet(self, here: Here, _request: Request, handle: Handle) -> Response:
        """Hold the locks, then go on."""
        rows = sa.select(stock.c.sku).order_by(stock.c.sku).with_for_update()
        async with here.own_database.write() as connection:
            await connection.execute(rows)
            await asyncio.sleep(self.seconds)
        return await handle()


KINDS = {"lock-contention": kind(LockContention.parse)}
