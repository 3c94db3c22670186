"""The fixtures; each server is started once a session, when first asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.real import chromium as browser
from tests.real import postgres as database
from tests.real import process, tracing
from tests.real.absent import missing
from tests.real.chromium import Chromium
from tests.real.postgres import Postgres
from tests.real.tracing import Tracing


@pytest.fixture(scope="session")
def jaeger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracing]:
    """A real Jaeger v2."""
    with tracing.jaeger(tmp_path_factory.mktemp("jaeger")) as found:
        yield found


@pytest.fixture(scope="session")
def zipkin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracing]:
    """A real Zipkin server."""
    with tracing.zipkin(tmp_path_factory.mktemp("zipkin")) as found:
        yield found


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A real PostgreSQL; `fresh()` gives an empty database."""
    with database.postgres(tmp_path_factory.mktemp("postgres")) as found:
        yield found


@pytest.fixture(scope="session")
def chromium() -> Chromium:
    """A real browser."""
    return browser.find()


@pytest.fixture(scope="session")
def docker() -> str:
    """The path of `docker`, whose engine runs."""
    return process.docker_engine() or missing("docker")
