"""The file that traces are kept in: one SQLite database, its tables, and whether a file that is there is one of ours.

`batch` holds requests' bytes as they came. Its index is cut into segments of batches that came one after the other,
each with tables of its own: a b-tree over random trace ids stays small enough to be written in memory, and old traces
go by dropping tables. `part_N` leads from a trace to its batches, `moment_N` from a time to its traces. A service is
there as the hash of its name in lower case: two that share one are told apart when their spans are read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

VERSION = 2
_OURS = 0x74726C62  # "trlb", SQLite's application_id
_PAGE = 4096
_LARGEST_LOG = 64 * 1024 * 1024  # bytes that the write-ahead log keeps on disk when it has nothing to hold
_SIZES = ("page_size", "page_count", "freelist_count")

_TABLES = """
CREATE TABLE IF NOT EXISTS batch (id INTEGER PRIMARY KEY, form INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS segment (
    id INTEGER PRIMARY KEY, earliest INTEGER NOT NULL, latest INTEGER NOT NULL, spans INTEGER NOT NULL,
    size INTEGER NOT NULL, closes INTEGER NOT NULL, names TEXT NOT NULL, tags TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sieve (batch INTEGER PRIMARY KEY, segment INTEGER NOT NULL, bits BLOB NOT NULL);
"""
SEGMENT = """
CREATE TABLE part_{0} (
    trace INTEGER, batch INTEGER, service INTEGER, at INTEGER, first INTEGER, spans INTEGER,
    PRIMARY KEY (trace, batch, service)
) WITHOUT ROWID;
CREATE TABLE moment_{0} (
    at INTEGER, service INTEGER, trace INTEGER, batch INTEGER, longest INTEGER, red INTEGER,
    PRIMARY KEY (at, service, trace, batch)
) WITHOUT ROWID;
"""


class Unusable(Exception):
    """The file cannot be used as a store; it is left as it is."""

    exit_code = 2


def broken(path: str, reason: object) -> Unusable:
    """Say that a file is one of ours, and that some of it cannot be read."""
    return Unusable(f"{path} is a broken store of traces ({reason}); name another with --store, or move it away.")


def opened(path: str) -> sqlite3.Connection:
    """Open a file for writing, made where it is missing; Unusable where it cannot be. The caller holds its `lock`."""
    connection = _connected(path)
    try:
        connection.execute(f"PRAGMA page_size = {_PAGE}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA journal_size_limit = {_LARGEST_LOG}")
        connection.execute("PRAGMA wal_autocheckpoint = 2000")
        connection.execute(f"PRAGMA application_id = {_OURS}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.executescript(_TABLES)
    except sqlite3.Error as error:
        connection.close()
        raise Unusable(f"{path} cannot be opened as a store of traces ({error}); name another with --store.") from error
    return connection


def locked(path: str) -> sqlite3.Connection:
    """Take a file for this process alone, by SQLite's own lock on a file beside it: it ends with the process.

    Unusable where another has it, or where it is not one of ours, or broken, newer or older.
    """
    _looked_at(path)
    connection = _connected(f"{path}.lock", timeout=0)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        connection.close()
        raise Unusable(f"{path} is in use by another tracelab backend, or cannot be written ({error}).") from error
    return connection


def reading(path: str) -> sqlite3.Connection:
    """Open the file once more, to read."""
    connection = _connected(path)
    connection.execute("PRAGMA query_only = ON")
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what the block does, all or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk may have rolled it back already
            connection.execute("ROLLBACK")
        raise


def used(connection: sqlite3.Connection) -> int:
    """Return how many bytes of the file hold something; what was dropped is room for what comes."""
    [page], [pages], [free] = (connection.execute(f"PRAGMA {name}").fetchone() for name in _SIZES)
    return int(page * (pages - free))


def _connected(path: str, timeout: float = 5.0) -> sqlite3.Connection:
    try:
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=timeout)
    except sqlite3.Error as error:
        raise Unusable(f"{path} cannot be opened ({error}); name another with --store.") from error


def _looked_at(path: str) -> None:
    """Refuse what is not ours before anything is written to it, be it a lock."""
    file = Path(path)
    try:
        if not file.exists() or not file.stat().st_size:
            return
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as found:
            [ours] = found.execute("PRAGMA application_id").fetchone()
            [version] = found.execute("PRAGMA user_version").fetchone()
            tables = {name for [name] in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except (sqlite3.Error, OSError) as error:
        raise Unusable(f"{path} is not a store of traces, or broken ({error}); name another with --store.") from error
    if ours != _OURS:
        raise Unusable(f"{path} is a database, but not a store of traces; name another with --store.")
    if version > VERSION:
        raise Unusable(
            f"{path} was written by a newer tracelab (store version {version}, known is {VERSION}); name another with "
            "--store, or use that tracelab."
        )
    if version < VERSION:
        raise Unusable(
            f"{path} was written by an older tracelab (store version {version}, known is {VERSION}); name another with "
            "--store, or move it away."
        )
    if not {"batch", "segment", "sieve"} <= tables:
        raise broken(path, "tables are missing")
