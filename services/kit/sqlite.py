"""aiosqlite with one trip to its thread a statement instead of four, and with writers that queue instead of polling.

Measured with 16 clients, `tests/bench/checkout.py`: the four trips (cursor, execute, fetch, close) cost more than the
statements. SQLite's own busy handler sleeps and looks again, so the connections of one process queue for the write
lock here first, fairly; between processes the busy handler still decides. `BEGIN IMMEDIATE` is the moment of waiting,
and its span shows it, as `SELECT ... FOR UPDATE` would.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiosqlite

from services.kit import budget

_GIVE_UP_EARLY = 0.05  # seconds of the budget kept for answering
_WRITES = ("INSERT", "UPDATE", "DELETE")


class Cursor:
    """A finished statement: its rows are already here."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.description: Any = None
        self.lastrowid: int | None = None
        self.rowcount = -1
        self._rows: list[Any] = []

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement and fetch its rows, in one trip."""
        begins = sql.startswith("BEGIN")
        alone = not self.connection.writing and sql.startswith(_WRITES)  # a transaction of its own
        if begins or alone:
            await self.connection.queue_to_write()
        try:
            # Reckoned here: the connection's thread knows nothing of the request's budget.
            await self.connection.call(self._run, sql, parameters, _patience() if begins or alone else None)
        except sqlite3.Error:
            if begins:  # it did not begin; after a cancellation it may still, and only a rollback ends that
                self.connection.leave()
            raise
        finally:
            if alone:
                self.connection.leave()

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each set of parameters, in one trip."""
        await self.connection.call(self._run_many, sql, parameters)

    async def fetchall(self) -> list[Any]:
        """The rows."""
        return self._rows

    async def close(self) -> None:
        """Nothing is left open."""

    def _run(self, sql: str, parameters: Sequence[Any], patience: int | None) -> None:
        connection = self.connection.raw
        if patience is not None:
            connection.execute(f"PRAGMA busy_timeout = {patience}")
        cursor = connection.execute(sql, parameters)
        self._take(cursor)
        self._rows = cursor.fetchall() if cursor.description else []

    def _run_many(self, sql: str, parameters: Sequence[Sequence[Any]]) -> None:
        self._take(self.connection.raw.executemany(sql, parameters))

    def _take(self, cursor: sqlite3.Cursor) -> None:
        self.description, self.lastrowid, self.rowcount = cursor.description, cursor.lastrowid, cursor.rowcount


class Connection(aiosqlite.Connection):
    """One connection and its thread."""

    def __init__(self, path: Path, writers: asyncio.Lock) -> None:
        def connect() -> sqlite3.Connection:
            # isolation_level=None: the module then begins nothing by itself, and "BEGIN IMMEDIATE" is ours to say.
            raw = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
            raw.execute("PRAGMA journal_mode = WAL")
            raw.execute("PRAGMA synchronous = NORMAL")
            return raw

        super().__init__(connect, iter_chunk_size=64)
        self._thread.daemon = True
        self._writers = writers
        self.writing = False

    async def open(self) -> Connection:
        """Start the thread and connect."""
        await self
        return self

    @property
    def raw(self) -> sqlite3.Connection:
        """The connection of the standard library, for its own thread."""
        return self._conn

    async def call(self, function: Any, *args: Any) -> None:
        """Run a function on this connection's thread."""
        await self._execute(function, *args)  # type: ignore[no-untyped-call]

    async def cursor(self) -> Any:  # type: ignore[override]  # the dialect uses only what Cursor has
        """A cursor; costs no trip."""
        return Cursor(self)

    async def queue_to_write(self) -> None:
        """Wait for this process's turn to write, within the request's budget."""
        try:
            async with asyncio.timeout(max(0.0, budget.remaining() - _GIVE_UP_EARLY)):
                await self._writers.acquire()
        except TimeoutError:
            raise sqlite3.OperationalError("database is locked") from None
        self.writing = True

    def leave(self) -> None:
        """Let the next writer begin."""
        if self.writing:
            self.writing = False
            self._writers.release()

    async def commit(self) -> None:
        """Commit, if a transaction is open."""
        try:
            if self.raw.in_transaction:
                await super().commit()
        finally:
            self.leave()

    async def rollback(self) -> None:
        """Roll back, if a transaction is open."""
        try:
            if self.writing or self.raw.in_transaction:
                await super().rollback()
        finally:
            self.leave()


def _patience() -> int:
    """Milliseconds that SQLite may wait for another process's lock: what the request has left."""
    return max(1, int((budget.remaining() - _GIVE_UP_EARLY) * 1000))
