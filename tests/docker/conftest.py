"""The image is built once, and the shop started once for each backend: Jaeger, then Zipkin on the same volume."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.shop import ENVIRONMENT_FILES, IMAGES, PORTS, Shop
from tests.real import absent, process

# A test run does not fetch a gigabyte unasked.
_NEEDED = {
    "Docker has no Compose plugin here; to get it: docs.docker.com/compose/install": ("compose", "version"),
    f"images are missing here; to get them, docker pull each of {', '.join(IMAGES)}": ("image", "inspect", *IMAGES),
}


@pytest.fixture(scope="session")
def shops(docker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Shop]]:
    """The shop with each backend, not started; everything of it is removed at the end, the orders too.

    It runs as on a machine whose Docker gives every container a proxy, and a dead one.
    """
    for what, question in _NEEDED.items():
        there = subprocess.run([docker, *question], capture_output=True, check=False).returncode == 0
        if not there and "docker" not in absent.required():
            pytest.skip(what)
    ports = process.free_ports(len(PORTS))
    every = {backend: Shop(docker, ports, backend) for backend in ENVIRONMENT_FILES}
    every["jaeger"].compose("build")
    proxied = _with_dead_proxy(docker, tmp_path_factory.mktemp("docker"))
    for each in every.values():
        each.engine = proxied
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


def _with_dead_proxy(docker: str, folder: Path) -> dict[str, str]:
    """What makes `docker` use the same engine with a configuration of its own, which names a proxy."""
    mine = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    dead = {"httpProxy": "http://127.0.0.1:9", "httpsProxy": "http://127.0.0.1:9"}
    configuration = {"proxies": {"default": dead}, "cliPluginsExtraDirs": [str(mine / "cli-plugins")]}
    (folder / "config.json").write_text(json.dumps(configuration), "utf-8")
    asked = [docker, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
    engine = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return {"DOCKER_CONFIG": str(folder), "DOCKER_HOST": engine}
