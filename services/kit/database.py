"""A service's own database: SQLite by default, PostgreSQL by URL, through SQLAlchemy's async engine.

SQLite has no row locks and drops `FOR UPDATE` silently, so a writing transaction there begins with `BEGIN IMMEDIATE`,
which locks the file.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter, time_ns
from typing import Any

import sqlalchemy as sa
import sqlalchemy.ext.asyncio
from opentelemetry import trace
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from services.kit import budget, problems, saturation, sqlite, telemetry

_VISIBLE_WAIT = 0.001  # seconds: a longer wait for a connection is a span
_SCHEMA_LOCK = 7_263_411  # any number, the same in every process


class Database:
    """Engine, schema and transactions of one service."""

    def __init__(
        self,
        name: str,
        url: str,
        metadata: sa.MetaData,
        seed: Sequence[tuple[sa.Table, list[dict[str, Any]]]],
        pool: int,
    ) -> None:
        self.name = name
        self._url = make_url(url)
        self._metadata = metadata
        self._seed = seed
        self.pool_size = pool
        self._engine: AsyncEngine | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite, which locks the file and not the row."""
        return self._url.get_backend_name() == "sqlite"

    @property
    def tables(self) -> list[sa.Table]:
        """The service's own tables."""
        return self._metadata.sorted_tables

    async def start(self, *more: Callable[[AsyncConnection], Awaitable[None]]) -> None:
        """Connect and create what is missing, and do `more` of the kind; safe while other processes do the same."""
        self._engine = self._sqlite_engine() if self.is_sqlite else self._postgresql_engine()
        with telemetry.untraced():
            async with self.write() as connection:
                if not self.is_sqlite:
                    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SCHEMA_LOCK)))
                await connection.run_sync(self._metadata.create_all)
                for table, rows in self._seed:
                    await connection.execute(self.insert_once(table), rows)
                for create in more:
                    await create(connection)

    async def stop(self) -> None:
        """Close every connection."""
        if self._engine is not None:
            await self._engine.dispose()

    async def ready(self) -> bool:
        """Whether the database answers."""
        try:
            with telemetry.untraced():
                async with self.autocommit() as connection:
                    await connection.execute(sa.text("SELECT 1"))
        except problems.Problem:
            return False
        return True

    def insert_once(self, table: sa.Table) -> sa.Insert:
        """An INSERT that does nothing where the row exists, as its rowcount tells; a failed one would be red."""
        build = sqlite_dialect.insert if self.is_sqlite else postgresql.insert
        return build(table).on_conflict_do_nothing()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that will write: committed at the block's end, rolled back when it raises."""
        async with self._connected() as connection, connection.begin():
            if self.is_sqlite:
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @asynccontextmanager
    async def autocommit(self) -> AsyncIterator[AsyncConnection]:
        """A connection for single statements, each its own transaction."""
        async with self._connected() as connection:
            yield connection
            await connection.commit()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        """A connection within the request's budget, the driver's errors turned into ours."""
        if self._engine is None:
            raise problems.unavailable("The database is not open.")
        try:
            async with asyncio.timeout(budget.require()):
                connection = await self._from_pool(self._engine)
                try:
                    yield connection
                finally:
                    await connection.close()
        except TimeoutError as error:
            raise budget.OutOfTime from error
        except (sa.exc.DBAPIError, sa.exc.TimeoutError, OSError) as error:
            original = getattr(error, "orig", None)
            if isinstance(original, sqlite3.OperationalError) and "locked" in str(original):
                raise budget.OutOfTime from error
            unknown_name = isinstance(original, sqlite3.OperationalError) and "no such" in str(original)
            if unknown_name or isinstance(error, sa.exc.IntegrityError | sa.exc.ProgrammingError | sa.exc.DataError):
                raise  # a defect of ours, not a database that is down
            raise problems.unavailable(f"The database of {self.name} does not answer.") from error

    async def _from_pool(self, engine: AsyncEngine) -> AsyncConnection:
        """A connection; the time until one came back is a wait, where all were out (making a new one is none)."""
        pool = engine.pool
        all_out = isinstance(pool, sa.QueuePool) and pool.checkedout() >= pool.size()
        asked, asked_ns = perf_counter(), time_ns()
        try:
            connection = await engine.connect()
        except Exception as error:  # asyncpg's own, such as "starting up", reach here as they are
            raise problems.unavailable(f"The database of {self.name} does not answer.") from error
        waited, waits = perf_counter() - asked, saturation.current.get()
        if all_out and waits is not None:
            waits.pool += waited
            if waited > _VISIBLE_WAIT:
                span = trace.get_tracer("tracelab.database").start_span("pool.wait", start_time=asked_ns)
                span.end(asked_ns + int(waited * 1e9))
        return connection

    def _sqlite_engine(self) -> AsyncEngine:
        # The file's path would be in every span's name, so the URL that instrumentation sees has only the service's.
        path, writers = Path(self._url.database or ""), asyncio.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)

        async def connect() -> sqlite.Connection:
            return await sqlite.Connection(path, writers).open()

        return _create(f"sqlite+aiosqlite:///{self.name}", self.pool_size, async_creator=connect)

    def _postgresql_engine(self) -> AsyncEngine:
        return _create(self._url, self.pool_size)


def _create(url: str | sa.URL, pool: int, **options: Any) -> AsyncEngine:
    # By its module: instrumentation replaces the function there.
    return sqlalchemy.ext.asyncio.create_async_engine(
        url, poolclass=AsyncAdaptedQueuePool, pool_size=pool, max_overflow=0, pool_timeout=60, **options
    )
