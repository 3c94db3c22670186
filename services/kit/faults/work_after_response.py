"""`SERVICE.work-after-response[:300ms]`: part of the work is done when the answer has long been given."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from dataclasses import dataclass

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response

from services.kit.database import Database
from services.kit.faults import aside
from services.kit.faults.fault import Handle, Here
from services.kit.faults.journal import journal
from services.kit.faults.parameters import seconds


@dataclass(frozen=True, slots=True)
class WorkAfterResponse:
    """Leaves a background task behind, in the request's own context: its span outlives its parent."""

    seconds: float

    @classmethod
    def parse(cls, text: str) -> WorkAfterResponse:
        """From 50 ms to 5 s."""
        return cls(seconds(text or "300ms", 0.05, 5))

    async def meet(self, here: Here, _request: Request, handle: Handle) -> Response:
        """Handle, and leave the rest for later."""
        response = await handle()
        aside.start(self._later(here.own_database), copy_context())
        return response

    async def _later(self, database: Database) -> None:
        await asyncio.sleep(self.seconds)
        async with database.autocommit() as connection:
            await connection.execute(sa.select(sa.func.count()).where(journal.c.note.like("%99%")))
