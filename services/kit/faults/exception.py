"""`SERVICE.exception`: code that is ahead of its migration asks the database for a column that is not there yet."""

from __future__ import annotations

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response

from services.kit.faults.fault import Handle, Here


class Unmigrated:
    """Raises from the driver, through SQLAlchemy, to the framework: a real bug."""

    async def meet(self, here: Here, _request: Request, handle: Handle) -> Response:
        """Read the column; it never comes to the handler."""
        table = here.own_database.tables[0]
        async with here.own_database.autocommit() as connection:
            await connection.execute(sa.select(sa.column("discount")).select_from(table).limit(1))
        return await handle()
