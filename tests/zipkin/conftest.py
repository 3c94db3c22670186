"""The two servers that every test of this folder is put to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.backend.running import builtin
from tests.zipkin.server import Server


@pytest.fixture(scope="session", params=["zipkin", "builtin"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The real Zipkin server, then the built-in backend."""
    if request.param == "zipkin":
        yield Server(request.getfixturevalue("zipkin").query_url, is_ours=False)
    else:
        with builtin() as found:
            yield Server(found.query_url, is_ours=True)
