"""The client's root spans, by the OpenTelemetry SDK as OTEL_* configures it: the sampler decides for the whole trace.

The provider is not made global: whoever calls the load as a library keeps its own.
"""

from __future__ import annotations

import logging
import os
import threading
from urllib.parse import urlsplit

from opentelemetry import baggage, propagate, trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanContext, SpanKind, StatusCode, TraceFlags

from load.answer import Answer
from load.export import Counting, exporters, id_generator
from load.result import Spans
from load.schedule import Arrival

_UNSAMPLED = TraceFlags(TraceFlags.DEFAULT)


class Root:
    """One request's root span, and the headers that carry it to the shop; without recording, its ids alone."""

    def __init__(self, span: trace.Span, fault: str | None) -> None:
        self._span = span
        self.headers = _headers(span, fault)

    @property
    def trace_id(self) -> str | None:
        """The trace's id in hex, if it is sampled."""
        context = self._span.get_span_context()
        return trace.format_trace_id(context.trace_id) if context.trace_flags.sampled else None

    def end(self, answer: Answer) -> None:
        """End the span; what business refuses leaves it unset."""
        if answer.status is not None:
            self._span.set_attribute("http.response.status_code", answer.status)
        if answer.error is not None:
            self._span.set_attribute("error.type", answer.error)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class Tracing:
    """The root spans of one run against a shop's address; `stored` says whether any are exported at all."""

    def __init__(self, address: str) -> None:
        for name in ("opentelemetry.exporter", "opentelemetry.sdk._shared_internal"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # the report counts what is lost
        disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
        self._processors = [] if disabled else [Counting(exporter) for exporter in exporters()]
        self._ids = id_generator()
        self._provider = TracerProvider(id_generator=self._ids, resource=_resource(), shutdown_on_exit=False)
        for processor in self._processors:
            self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("tracelab.load")
        self._address = address
        where = urlsplit(address)
        port = where.port or (443 if where.scheme == "https" else 80)
        self._server: dict[str, str | int] = {"server.address": where.hostname or "", "server.port": port}
        self.stored = bool(self._processors)

    def root(self, arrival: Arrival, path: str) -> Root:
        """Begin a request's trace: the sampler decides, unless nothing of it would be stored anyway."""
        if not (self.stored and arrival.sampled):
            return Root(self._unsampled(), arrival.fault)
        method, _, template = arrival.route.partition(" ")
        attributes = {
            "http.request.method": method,
            "url.full": self._address + path,
            "url.template": template,
            **self._server,
        }
        return Root(self._tracer.start_span(arrival.route, Context(), SpanKind.CLIENT, attributes), arrival.fault)

    def untraced_headers(self) -> dict[str, str]:
        """Headers of a request that belongs to no run's figures."""
        return _headers(self._unsampled(), None)

    def close(self, seconds: float) -> Spans:
        """Send what is queued, for so many seconds at most, and count."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(seconds)
        return Spans(
            sum(processor.ended for processor in self._processors),
            sum(processor.delivered for processor in self._processors),
        )

    def _unsampled(self) -> trace.Span:
        """Give a trace an id for logs and error messages, and say that nobody records it."""
        trace_id, span_id = self._ids.generate_trace_id(), self._ids.generate_span_id()
        return trace.NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=False, trace_flags=_UNSAMPLED))


def _headers(span: trace.Span, fault: str | None) -> dict[str, str]:
    context = trace.set_span_in_context(span, Context())
    if fault is not None:
        context = baggage.set_baggage("fault", fault, context)
    headers: dict[str, str] = {}
    propagate.inject(headers, context)
    return headers


def _resource() -> Resource:
    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        return resource.merge(Resource({SERVICE_NAME: "client"}))
    return resource
