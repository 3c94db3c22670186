"""One PostgreSQL database per service, made where it is missing."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from lab.options import WrongUse


class NoDatabase(Exception):
    """The database server cannot be used."""

    exit_code = 4


def create(server: str, services: Iterable[str]) -> None:
    """Make `tracelab_SERVICE` for each service on a server that postgresql://USER@HOST:PORT names."""
    address = urlsplit(server)
    if not address.scheme.startswith("postgresql"):
        raise WrongUse(f"--database {server}: expected postgresql://USER:PASSWORD@HOST:PORT; SQLite needs no option.")
    import asyncio

    asyncio.run(_create(urlunsplit(address._replace(scheme="postgresql", path=address.path or "/postgres")), services))


async def _create(url: str, services: Iterable[str]) -> None:
    import asyncpg  # type: ignore[import-untyped]

    try:
        connection = await asyncpg.connect(url, timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        where = urlsplit(url)._replace(netloc=url.rpartition("@")[2].partition("/")[0])
        raise NoDatabase(f"No PostgreSQL at {urlunsplit(where)} ({error or type(error).__name__}).") from error
    try:
        there = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for name in (f"tracelab_{service}" for service in services):
            if name not in there:
                await connection.execute(f'CREATE DATABASE "{name}"')
    except asyncpg.PostgresError as error:
        raise NoDatabase(f"PostgreSQL refused to make a database per service: {error}.") from error
    finally:
        await connection.close()
