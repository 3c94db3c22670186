"""`SERVICE.n-plus-one[:20]`: a query for the list, and then one for each of its items."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response

from services.kit.faults.fault import Handle, Here
from services.kit.faults.journal import journal
from services.kit.faults.parameters import count


@dataclass(frozen=True, slots=True)
class NPlusOne:
    """Reads the latest entries one at a time, where a single statement would do."""

    items: int

    @classmethod
    def parse(cls, text: str) -> NPlusOne:
        """From 2 to 200 items."""
        return cls(count(text or "20", 2, 200))

    async def meet(self, here: Here, _request: Request, handle: Handle) -> Response:
        """Ask and ask again, then go on."""
        latest = sa.select(journal.c.id).order_by(journal.c.id.desc()).limit(self.items)
        async with here.own_database.autocommit() as connection:
            for (item,) in (await connection.execute(latest)).all():
                await connection.execute(sa.select(journal.c.note).where(journal.c.id == item))
        return await handle()
