"""`SERVICE.pool-exhaustion[:1s]`: every database connection is held by somebody who does nothing with it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from services.kit.database import Database
from services.kit.faults import aside
from services.kit.faults.fault import Handle, Here
from services.kit.faults.parameters import seconds


@dataclass(frozen=True, slots=True)
class PoolExhaustion:
    """Takes as many connections as the pool has, and gives them back late."""

    seconds: float

    @classmethod
    def parse(cls, text: str) -> PoolExhaustion:
        """From 10 ms to 5 s."""
        return cls(seconds(text or "1s", 0.01, 5))

    async def meet(self, here: Here, _request: Request, handle: Handle) -> Response:
        """Let others take them, and queue behind."""
        database = here.own_database
        for _ in range(database.pool_size):
            aside.start(self._hold(database))
        await asyncio.sleep(0)  # they ask first
        return await handle()

    async def _hold(self, database: Database) -> None:
        async with database.autocommit():
            await asyncio.sleep(self.seconds)
