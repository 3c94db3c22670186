"""A running shop for each database, shared by a whole session; keys of its users' own keep them apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.services.fleet import Databases, Fleet


def databases(kind: str, folder: Path, request: pytest.FixtureRequest) -> Databases:
    """Where each service's database is: a new file, or a new database on the real server."""
    if kind == "postgres":
        server = request.getfixturevalue("postgres")
        return lambda _: server.fresh()
    return lambda name: f"sqlite+aiosqlite:///{(folder / f'{name}.db').as_posix()}"


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """The database's make."""
    return str(request.param)


@pytest.fixture(scope="session")
def shop(database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A shop that nobody kills; at the end its logs hold nothing unforeseen, and its books balance."""
    folder = tmp_path_factory.mktemp(f"shop-{database}")
    with Fleet(folder, databases(database, folder, request)) as running:
        yield running
        running.settle()
        running.assert_quiet()


@pytest.fixture(scope="session")
def _rough(database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp(f"rough-{database}")
    with Fleet(folder, databases(database, folder, request), TRACELAB_BUDGET_MS="2000") as running:
        yield running
        running.settle()
        running.assert_quiet()


@pytest.fixture
def rough(_rough: Fleet) -> Fleet:
    """A shop to be hurt, over what was done to it before: two seconds a request, so that recovery is quick."""
    _rough.calm()
    return _rough


@pytest.fixture
def started(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Start a shop with settings of its own, on SQLite unless said otherwise; it ends with the block."""

    @contextmanager
    def start(kind: str = "sqlite", each: Any = None, **options: Any) -> Iterator[Fleet]:
        with Fleet(tmp_path, databases(kind, tmp_path, request), each, **options) as running:
            yield running
            running.assert_quiet()

    return start
