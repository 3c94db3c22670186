"""What a test run had to do without, and what it must not do without."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

HOW_TO_GET = {
    "jaeger": "put the `jaeger` program (v2, from github.com/jaegertracing/jaeger/releases) on the PATH, start Docker, "
    "or name a running one in TRACELAB_JAEGER_URL",
    "zipkin": "have `java` on the PATH and the server's jar (io.zipkin:zipkin-server, classifier exec) in ZIPKIN_JAR, "
    "start Docker, or name a running one in TRACELAB_ZIPKIN_URL",
    "postgres": "install PostgreSQL (`apt-get install postgresql`, `brew install postgresql`), start Docker, "
    "or name a running one in TRACELAB_POSTGRES_URL",
    "chromium": "install Chromium or Chrome (`apt-get install chromium`), or name its program in TRACELAB_CHROMIUM",
    "docker": "install Docker and start its engine",
}

_seen: set[str] = set()


def missing(name: str) -> NoReturn:
    """Skip the asking test, or fail it where TRACELAB_REQUIRE names this server."""
    _seen.add(name)
    sentence = f"no {name} here; to get it: {HOW_TO_GET[name]}"
    if name in required():
        pytest.fail(f"{sentence} (TRACELAB_REQUIRE asks for it)", pytrace=False)
    pytest.skip(sentence)


def required() -> set[str]:
    """Return the names in TRACELAB_REQUIRE."""
    return {name.strip() for name in os.environ.get("TRACELAB_REQUIRE", "").split(",") if name.strip()}


def summary() -> list[str]:
    """Say, a line each, what this run did without."""
    return [f"without {name}: {HOW_TO_GET[name]}" for name in sorted(_seen)]
