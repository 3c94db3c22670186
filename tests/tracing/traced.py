"""A shop whose spans go to a real backend, and what reads them there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from discovery import client
from discovery.errors import NotFound
from discovery.trace import Trace
from lab.tracing import otlp
from tests.real.tracing import Tracing
from tests.services.asking import Answer, eventually
from tests.services.fleet import Databases, Fleet

SERVICES = ("gateway", "order", "payment", "inventory")
UNTRACED = {"issuer": {"OTEL_SDK_DISABLED": "true"}}  # somebody else's, as the launcher has it
_QUICKLY = {"OTEL_BSP_SCHEDULE_DELAY": "100"}


@dataclass(frozen=True, slots=True)
class Way:
    """How spans get to a backend: the senders' settings, and where the traces are read."""

    name: str
    settings: Mapping[str, str]
    backend: client.Backend

    @classmethod
    def by_otlp(cls, name: str, to: Tracing) -> Way:
        """OTLP over HTTP."""
        return cls(name, otlp(to.otlp_endpoint or ""), client.probe(to.query_url))

    @classmethod
    def by_zipkin_json(cls, name: str, to: Tracing) -> Way:
        """Zipkin's JSON."""
        settings = {"OTEL_TRACES_EXPORTER": "zipkin_json", "OTEL_EXPORTER_ZIPKIN_ENDPOINT": to.zipkin_endpoint}
        return cls(name, settings, client.probe(to.query_url))


@dataclass(frozen=True, slots=True)
class Traced:
    """A running shop and its backend."""

    shop: Fleet
    way: Way

    def spans(self, name: str) -> dict[str, int]:
        """What a service says became of its spans: ended, delivered, lost."""
        counts: dict[str, int] = self.shop.get("/healthz", name).body["spans"]
        return counts

    def drain(self) -> None:
        """Wait until every service has sent what it has."""

        def drained() -> None:
            for name in self.shop.running.keys() & set(SERVICES):
                counts = self.spans(name)
                assert counts["ended"] == counts["delivered"], f"{name}: {counts}"

        eventually(drained, 10, 0.02)

    def trace(self, answer: Answer | str, client_span: str | None = None) -> Trace:
        """The stored trace of an answer, or of an id, once no parent is missing but the client's own."""
        trace_id = answer if isinstance(answer, str) else answer.trace_id
        self.drain()
        found: list[Trace] = []

        def whole() -> None:
            try:
                found[:] = [client.read(self.way.backend, trace_id, expected=1, wait=0)]
            except NotFound as error:
                raise AssertionError(str(error)) from error
            assert set(found[0].missing) <= {client_span}, f"missing parents: {found[0].missing}"

        eventually(whole, 10, 0.02)
        return found[0]

    def end(self) -> None:
        """End all traced services at the same moment, and see that each ends within 8 s."""
        for name in SERVICES:
            self.shop.running[name].end()
        began = time.monotonic()
        for name in SERVICES:
            self.shop.end(name)
        assert time.monotonic() - began < 8

    def stored(self, trace_id: str) -> bool:
        """Whether the backend has anything of a trace."""
        self.drain()
        try:
            client.read(self.way.backend, trace_id, wait=0.3)
        except NotFound:
            return False
        return True


@contextmanager
def traced(
    folder: Path,
    way: Way,
    databases: Databases,
    each: Mapping[str, Mapping[str, str]] | None = None,
    fleet: type[Fleet] = Fleet,
    **environment: str,
) -> Iterator[Traced]:
    """Run a shop that sends its spans this way; at the end its logs hold nothing unforeseen."""
    with fleet(folder, databases, {**UNTRACED, **(each or {})}, **{**_QUICKLY, **way.settings, **environment}) as shop:
        yield Traced(shop, way)
        shop.assert_quiet()


def red(trace: Trace) -> list[str]:
    """The red spans, parents before children, as `service name kind`."""
    return [f"{span.service} {span.name.casefold()} {span.kind}" for span in trace.spans if span.error]
