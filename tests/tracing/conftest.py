"""One shop for each way to a backend and each database, shared by all tests that leave it as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.backend.running import builtin
from tests.real.shop import databases
from tests.real.tracing import Tracing
from tests.tracing.traced import Traced, Way, traced

WAYS = ("jaeger-otlp", "jaeger-zipkin_json", "zipkin", "built-in")

Starting = Callable[..., AbstractContextManager[Traced]]


@pytest.fixture(scope="session")
def built_in() -> Iterator[Tracing]:
    """The built-in backend."""
    with builtin() as found:
        yield found


@pytest.fixture(scope="session", params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    """Each way in turn: Jaeger by OTLP and by its Zipkin receiver, Zipkin, the built-in backend by OTLP."""
    name, _, form = request.param.partition("-")
    to = request.getfixturevalue("built_in" if name == "built" else name)
    make = Way.by_otlp if form in {"otlp", "in"} else Way.by_zipkin_json
    return make(request.param, to)


@pytest.fixture(scope="session")
def checkouts(
    way: Way, database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Traced]:
    """A shop that nobody hurts."""
    folder = tmp_path_factory.mktemp(f"traced-{way.name}-{database}")
    with traced(folder, way, databases(database, folder, request)) as running:
        yield running


@pytest.fixture
def own(request: pytest.FixtureRequest, tmp_path: Path, built_in: Tracing) -> Starting:
    """Start a shop of the test's own, to the built-in backend and on SQLite unless another way or kind is given.

    `folder` keeps two shops of one test apart.
    """

    def start(
        way: Way | None = None, kind: str = "sqlite", folder: str = "shop", **options: object
    ) -> AbstractContextManager[Traced]:
        where = tmp_path / folder
        return traced(where, way or Way.by_otlp("built-in", built_in), databases(kind, where, request), **options)

    return start
