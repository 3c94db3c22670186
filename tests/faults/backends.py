"""Every backend that is there, and the senders' settings by which one run's spans go to all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from discovery import client
from lab.tracing import otlp
from tests.faults.tee import tee
from tests.real.tracing import Tracing


@dataclass(frozen=True, slots=True)
class Backends:
    """Where spans go, all to each, and where they are read."""

    settings: Mapping[str, str]
    found: Mapping[str, client.Backend]
    sent: list[bytes]  # as OTLP, one body after the other


@contextmanager
def sending(there: Mapping[str, Tracing]) -> Iterator[Backends]:
    """Send to several: by OTLP to those that take it, and to Zipkin in its own form."""
    sent: list[bytes] = []
    with tee([to.otlp_endpoint for to in there.values() if to.otlp_endpoint], sent) as address:
        settings = otlp(address)
        if zipkin := there.get("zipkin"):
            settings |= {
                "OTEL_TRACES_EXPORTER": "otlp,zipkin_json",
                "OTEL_EXPORTER_ZIPKIN_ENDPOINT": zipkin.zipkin_endpoint,
            }
        yield Backends(settings, {name: client.probe(to.query_url) for name, to in there.items()}, sent)
