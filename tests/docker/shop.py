"""The compose file's shop under a project name and ports of its own, so that it runs beside any other."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from discovery import client
from discovery.trace import Trace
from lab.state import ROOT

PROJECT = "tracelab-test"
PORTS = ("GATEWAY", "ORDER", "PAYMENT", "PAYMENT_2", "INVENTORY", "JAEGER", "OTLP", "ZIPKIN")
ENVIRONMENT_FILES = {"jaeger": ".env", "zipkin": "deploy/zipkin.env"}
IMAGES = ("python:3.13-slim", "postgres:17", "jaegertracing/jaeger:2.20.0", "openzipkin/zipkin:3.6.1")
SERVICES = ("gateway", "order", "payment", "inventory")

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_ORDER = {"items": [{"sku": "notebook", "quantity": 1}], "card": "tok_visa"}


class Shop:
    """`docker compose` with one environment file, and what one does with the shop that it runs."""

    def __init__(self, docker: str, ports: Sequence[int], backend: str) -> None:
        self.docker = docker
        self.ports = dict(zip(PORTS, ports, strict=True))
        self.backend = backend
        self.environment_files = ENVIRONMENT_FILES[backend]
        self.engine: dict[str, str] = {}  # what else `docker` is told by its environment

    @property
    def url(self) -> str:
        """The gateway."""
        return f"http://127.0.0.1:{self.ports['GATEWAY']}"

    @property
    def query_url(self) -> str:
        """The backend's query address."""
        return f"http://127.0.0.1:{self.ports[self.backend.upper()]}"

    def compose(self, *arguments: str) -> str:
        """Run `docker compose` as a user does who exported COMPOSE_ENV_FILES; gives what it printed."""
        return self._docker("compose", *arguments)

    @contextmanager
    def lesson(self, number: int) -> Iterator[None]:
        """Begin a lesson in a container of its own; it ends with the block."""
        said = self.compose("run", "--detach", "lab", "learn", "next", str(number), "--lang", "en")
        container = said.split()[-1]
        try:
            while "Stuck?" not in self._docker("logs", container):
                time.sleep(0.5)
            yield
        finally:
            self._docker("rm", "--force", container)

    def containers(self) -> list[dict[str, Any]]:
        """What the engine says of every container of the project, stopped ones too."""
        ids = self.listed("ps", "--all")
        found: list[dict[str, Any]] = json.loads(self._docker("inspect", *ids)) if ids else []
        return found

    def listed(self, *kind: str) -> list[str]:
        """The project's containers (`ps`), networks (`network ls`) or volumes (`volume ls`), by id or name."""
        return self._docker(*kind, "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}").split()

    def running(self) -> set[str]:
        """The compose services that have a container which runs."""
        return set(self.compose("ps", "--services", "--status", "running").split())

    def order(self) -> tuple[str, dict[str, Any]]:
        """Place an order, as a client that is not traced itself; gives its trace's id and the answer."""
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.url}/orders", json.dumps(_ORDER).encode(), headers)
        with _OPENER.open(request, timeout=20) as response:
            assert response.status == 201
            return response.headers["traceresponse"].split("-")[1], json.load(response)

    def page(self) -> str:
        """The gateway's control page."""
        return _get(self.url)

    def document(self, trace_id: str) -> str:
        """The trace as the backend writes it, with what it says of each process."""
        path = {"jaeger": "/api/v3/traces/", "zipkin": "/api/v2/trace/"}[self.backend]
        return _get(self.query_url + path + trace_id)

    def trace(self, trace_id: str) -> Trace:
        """The trace as the backend has it now; waits only for its first span."""
        return client.read(client.probe(self.query_url), trace_id, expected=1)

    def whole_trace(self, trace_id: str) -> Trace:
        """The trace once it has stopped growing."""
        return client.read(client.probe(self.query_url), trace_id)

    def short_of(self, trace_ids: Sequence[str], whole: Counter[tuple[str, str, str]]) -> dict[str, str]:
        """What each trace lacks of a whole one, after waiting 5 s at most for the backend to take in what it got."""
        give_up = time.monotonic() + 5
        while True:
            short = {trace_id: lacks for trace_id in trace_ids if (lacks := self._lacks(trace_id, whole))}
            if not short or time.monotonic() > give_up:
                return short
            time.sleep(0.2)

    def _lacks(self, trace_id: str, whole: Counter[tuple[str, str, str]]) -> str:
        trace = self.trace(trace_id)
        lost = [f"the parent {parent}" for parent in trace.missing]
        return ", ".join([*lost, *(f"{count} x {span}" for span, count in (whole - shape(trace)).items())])

    def _docker(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.docker, *arguments],
            cwd=ROOT,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def _environment(self) -> dict[str, str]:
        """This process's environment without what would steer compose or the shop elsewhere."""
        ours = ("COMPOSE_", "OTEL_", "TRACELAB_", "PAYMENT_URLS")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        ports = {f"TRACELAB_{name}_PORT": str(port) for name, port in self.ports.items()}
        # Named as well for Jaeger, though its file is compose's default: a list of files is what the replicas add to.
        return {
            **kept,
            **self.engine,
            **ports,
            "COMPOSE_PROJECT_NAME": PROJECT,
            "COMPOSE_ENV_FILES": self.environment_files,
        }


def shape(trace: Trace) -> Counter[tuple[str, str, str]]:
    """How many spans of each service, name and kind; a wait for a database connection comes and goes with the load."""
    return Counter((span.service, span.name, span.kind) for span in trace.spans if span.name != "pool.wait")


def service(container: dict[str, Any]) -> str:
    """The compose service that a container, as the engine describes it, is one of."""
    name: str = container["Config"]["Labels"]["com.docker.compose.service"]
    return name


def _get(url: str) -> str:
    with _OPENER.open(url, timeout=20) as response:
        text: str = response.read().decode()
        return text
