"""The image is built once, and the shop started once for each backend: Jaeger, then Zipkin on the same volume."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.docker.shop import ENVIRONMENT_FILES, PORTS, Shop
from tests.real import absent, process

_IMAGES = ("python:3.13-slim", "postgres:17", "jaegertracing/jaeger:2.20.0", "openzipkin/zipkin:3.6.1")


@pytest.fixture(scope="session")
def shops(docker: str) -> Iterator[dict[str, Shop]]:
    """The shop with each backend, not started; everything of it is removed at the end, the orders too."""
    known = subprocess.run([docker, "image", "inspect", *_IMAGES], capture_output=True, check=False).returncode == 0
    if not known and "docker" not in absent.required():
        pytest.skip(f"a gigabyte of images is missing; to get it: docker pull each of {', '.join(_IMAGES)}")
    ports = process.free_ports(len(PORTS))
    every = {backend: Shop(docker, ports, backend) for backend in ENVIRONMENT_FILES}
    every["jaeger"].compose("build")
    try:
        yield every
    finally:
        every["jaeger"].compose("--profile", "*", "down", "--volumes", "--remove-orphans")


@pytest.fixture(scope="module", params=ENVIRONMENT_FILES)
def shop(request: pytest.FixtureRequest, shops: dict[str, Shop]) -> Iterator[Shop]:
    """The running shop with one backend, then with the other; its module's last test takes it down."""
    found = shops[request.param]
    found.compose("up", "--detach", "--wait")
    yield found
    found.compose("--profile", "*", "down")
