"""One shop whose spans go to every backend that is there, and each fault's run in it, made once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from discovery import client
from tests.backend.running import builtin
from tests.faults import run
from tests.faults.backends import Backends, sending
from tests.faults.run import Run
from tests.faults.table import Signature
from tests.real.shop import databases
from tests.real.tracing import Tracing
from tests.services.fleet import Fleet
from tests.tracing.traced import UNTRACED, Traced, Way

BACKENDS = ("built-in", "jaeger", "zipkin")


@dataclass(frozen=True, slots=True)
class Everywhere:
    """A running shop, the backends that have its spans, and all that was sent to them as OTLP."""

    here: Traced
    backends: Mapping[str, client.Backend]
    sent: list[bytes]
    runs: dict[str, Run] = field(default_factory=dict)

    def run(self, signature: Signature, *, fault: bool = True) -> Run:
        """A signature's run; made when first asked for."""
        name = signature.fault if fault else f"nothing {signature.routes}"  # without it, one run serves them all
        if name not in self.runs:
            self.here.shop.calm()
            carried = signature.fault if fault else None
            self.runs[name] = run.send(
                self.here, carried, signature.routes, signature.requests, percent=signature.percent
            )
            self.here.shop.calm()
        return self.runs[name]


@pytest.fixture(scope="session")
def backends(request: pytest.FixtureRequest) -> Iterator[Backends]:
    """Those that are there; the built-in one always is."""
    there = {name: found for name in BACKENDS[1:] if (found := _found(name, request))}
    with builtin() as built_in, sending({"built-in": built_in, **there}) as found:
        yield found


def _found(name: str, request: pytest.FixtureRequest) -> Tracing | None:
    try:
        found: Tracing = request.getfixturevalue(name)
    except pytest.skip.Exception:
        return None
    return found


@pytest.fixture(scope="session", params=["sqlite"])
def everywhere(
    backends: Backends, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Everywhere]:
    """A shop, on SQLite unless a test says otherwise.

    Its logs are not held to be quiet: some faults are bugs, and are logged as such.
    """
    folder = tmp_path_factory.mktemp("faults")
    way = Way("everywhere", backends.settings, backends.found["built-in"])
    environment = {"OTEL_BSP_SCHEDULE_DELAY": "100", **backends.settings}
    with Fleet(folder, databases(request.param, folder, request), UNTRACED, **environment) as shop:
        yield Everywhere(Traced(shop, way), backends.found, backends.sent)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, backends: Backends) -> client.Backend:
    """Each backend in turn."""
    if request.param not in backends.found:
        request.getfixturevalue(request.param)  # skips, and says how to get it
    return backends.found[request.param]
