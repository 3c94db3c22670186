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
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags

from load.answer import Answer
from load.export import Counting, exporters, id_generator
from load.result import Spans


class Root:
    """One request's root span, and the headers that carry it to the shop."""

    def __init__(self, tracer: trace.Tracer, route: str, url: str, fault: str | None) -> None:
        method, _, template = route.partition(" ")
        where = urlsplit(url)
        attributes: dict[str, str | int] = {
            "http.request.method": method,
            "url.full": url,
            "url.template": template,
            "server.address": where.hostname or "",
            "server.port": where.port or (443 if where.scheme == "https" else 80),
        }
        self._span = tracer.start_span(route, Context(), SpanKind.CLIENT, attributes)
        self.headers: dict[str, str] = {}
        context = trace.set_span_in_context(self._span, Context())
        if fault is not None:
            context = baggage.set_baggage("fault", fault, context)
        propagate.inject(self.headers, context)

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
    """A tracer provider for one run; `stored` says whether its spans are exported at all."""

    def __init__(self) -> None:
        for name in ("opentelemetry.exporter", "opentelemetry.sdk._shared_internal"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # the report counts what is lost
        disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
        self._processors = [] if disabled else [Counting(exporter) for exporter in exporters()]
        self._provider = TracerProvider(id_generator=id_generator(), resource=_resource(), shutdown_on_exit=False)
        for processor in self._processors:
            self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("tracelab.load")
        self.stored = bool(self._processors)

    def root(self, route: str, url: str, fault: str | None) -> Root:
        """Start a request's root span, `fault` being what its baggage asks for."""
        return Root(self._tracer, route, url, fault)

    def close(self, seconds: float) -> Spans:
        """Send what is queued, for so many seconds at most, and count."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(seconds)
        return Spans(
            sum(processor.ended for processor in self._processors),
            sum(processor.delivered for processor in self._processors),
        )


def untraced_headers() -> dict[str, str]:
    """Headers of a request that is nobody's: its trace is decided not to be sampled."""
    ids = RandomIdGenerator()
    context = SpanContext(ids.generate_trace_id(), ids.generate_span_id(), is_remote=False, trace_flags=TraceFlags(0))
    headers: dict[str, str] = {}
    propagate.inject(headers, trace.set_span_in_context(NonRecordingSpan(context), Context()))
    return headers


def _resource() -> Resource:
    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        return resource.merge(Resource({SERVICE_NAME: "client"}))
    return resource
