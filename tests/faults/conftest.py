"""One shop whose spans go to every backend that is there, and each fault's run in it, made once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from discovery import client
from lab.tracing import otlp
from tests.backend.running import builtin
from tests.faults import run
from tests.faults.run import Run
from tests.faults.table import Signature
from tests.faults.tee import tee
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
            self.runs[name] = run.send(self.here, carried, signature.routes, signature.requests, signature.percent)
            self.here.shop.calm()
        return self.runs[name]


def _found(name: str, request: pytest.FixtureRequest) -> Tracing | None:
    try:
        found: Tracing = request.getfixturevalue(name)
    except pytest.skip.Exception:
        return None
    return found


@pytest.fixture(scope="session", params=["sqlite"])
def everywhere(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everywhere]:
    """A shop, on SQLite unless a test says otherwise.

    Its logs are not held to be quiet: some faults are bugs, and are logged as such.
    """
    sent: list[bytes] = []
    with ExitStack() as stack:
        built_in = stack.enter_context(builtin())
        there = {"built-in": built_in, "jaeger": _found("jaeger", request), "zipkin": _found("zipkin", request)}
        known = {name: to for name, to in there.items() if to}
        to_otlp = stack.enter_context(tee([to.otlp_endpoint for to in known.values() if to.otlp_endpoint], sent))
        settings = otlp(to_otlp)
        if zipkin := known.get("zipkin"):
            settings |= {
                "OTEL_TRACES_EXPORTER": "otlp,zipkin_json",
                "OTEL_EXPORTER_ZIPKIN_ENDPOINT": zipkin.zipkin_endpoint,
            }
        backends = {name: client.probe(to.query_url) for name, to in known.items()}
        folder = tmp_path_factory.mktemp("faults")
        way = Way("everywhere", settings, backends["built-in"])
        environment = {"OTEL_BSP_SCHEDULE_DELAY": "100", **settings}
        shop = stack.enter_context(Fleet(folder, databases(request.param, folder, request), UNTRACED, **environment))
        yield Everywhere(Traced(shop, way), backends, sent)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, everywhere: Everywhere) -> client.Backend:
    """Each backend in turn."""
    if request.param not in everywhere.backends:
        request.getfixturevalue(request.param)  # skips, and says how to get it
    return everywhere.backends[request.param]
