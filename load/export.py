"""Where the client's spans go, as OTEL_* says, and how many of them arrive."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Any

import requests  # the exporters' own HTTP library
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator

from load.errors import WrongUse

_DELAY = 300  # ms between batches; the standard 5000 makes a laptop's pages look dead


class Counting(BatchSpanProcessor):
    """The standard batch processor, counting what ends and what an exporter says it delivered."""

    def __init__(self, exporter: SpanExporter) -> None:
        self.ended = 0
        self._delivery = _Delivery(exporter)
        delay = None if "OTEL_BSP_SCHEDULE_DELAY" in os.environ else _DELAY
        super().__init__(self._delivery, schedule_delay_millis=delay)

    @property
    def delivered(self) -> int:
        """Spans that the backend took."""
        return self._delivery.count

    def on_end(self, span: ReadableSpan) -> None:
        """Count and queue a sampled span; only the event loop's thread ends any."""
        self.ended += bool(span.context and span.context.trace_flags.sampled)
        super().on_end(span)


class _Delivery(SpanExporter):
    def __init__(self, exporter: SpanExporter) -> None:
        self.count = 0
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            result = self._exporter.export(spans)
        except Exception:  # an exporter may raise anything, and the run must not care
            return SpanExportResult.FAILURE
        self.count += len(spans) * (result is SpanExportResult.SUCCESS)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


def exporters() -> list[SpanExporter]:
    """Make the exporters that OTEL_TRACES_EXPORTER names; WrongUse where one is not installed."""
    names = [name.strip() for name in os.environ.get("OTEL_TRACES_EXPORTER", "otlp").split(",")]
    return [_exporter(name) for name in names if name not in ("", "none")]


def _exporter(name: str) -> SpanExporter:
    session = requests.Session()
    session.trust_env = False  # backends of a laptop or a compose network are never behind a proxy
    component = "otlp_proto_http" if name == "otlp" else name  # a bare otlp would mean gRPC
    exporter: SpanExporter = _component("traces_exporter", component, "OTEL_TRACES_EXPORTER")(session=session)
    return exporter


def id_generator() -> IdGenerator:
    """Make the id generator that OTEL_PYTHON_ID_GENERATOR names; WrongUse where it is not installed."""
    name = os.environ.get("OTEL_PYTHON_ID_GENERATOR", "random").strip()
    generator: IdGenerator = _component("id_generator", name, "OTEL_PYTHON_ID_GENERATOR")()
    return generator


def _component(group: str, name: str, variable: str) -> Any:
    found = next(iter(entry_points(group=f"opentelemetry_{group}", name=name)), None)
    if found is None:
        raise WrongUse(f"{variable} names {name!r}, which is not installed; leave it out for the usual one.")
    return found.load()
