"""`SERVICE.slow-query[:200]`: rows of a big table are compared with all others, by a column without an index."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response

from services.kit.faults.fault import Handle, Here
from services.kit.faults.journal import journal
from services.kit.faults.parameters import count


@dataclass(frozen=True, slots=True)
class SlowQuery:
    """One statement that scans the whole table once for each of `rows` rows."""

    rows: int

    @classmethod
    def parse(cls, text: str) -> SlowQuery:
        """From 1 to 2,000 rows; one takes 1 to 3 ms."""
        return cls(count(text or "200", 1, 2_000))

    async def meet(self, here: Here, _request: Request, handle: Handle) -> Response:
        """Ask, then go on."""
        one, other = journal.alias("one"), journal.alias("other")
        later = sa.select(sa.func.count()).where(one.c.id <= self.rows, other.c.note > one.c.note)
        async with here.own_database.autocommit() as connection:
            await connection.execute(later)
        return await handle()
