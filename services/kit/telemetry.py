"""OpenTelemetry for a service, configured by the standard OTEL_* variables only.

Two ways lead here. `services.kit.serving` calls `start()` before it imports the app. The standard zero-code way,
`opentelemetry-instrument uvicorn services.order.app:app`, finds `Distro` and `Configurator` by their entry points.
Both end in `stop()`, which the app's lifespan calls: uvicorn re-raises SIGTERM with the default handler, so neither
`atexit` nor `finally` would run.
"""

from __future__ import annotations

import importlib
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

from opentelemetry import context, propagate, trace
from opentelemetry.context import Context
from opentelemetry.instrumentation.distro import BaseDistro  # type: ignore[attr-defined]  # untyped there
from opentelemetry.instrumentation.utils import unwrap
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator

from services.kit import clock, manner

logger = logging.getLogger("tracelab.telemetry")

# Said once for all services; each is only a default, and the user's own environment wins.
DEFAULTS = {
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_PROPAGATORS": "tracecontext,baggage",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",  # a bare `otlp` would mean gRPC
    "OTEL_BSP_SCHEDULE_DELAY": "500",  # ms; at the standard 5000 pages look dead, at 200 sending costs more than spans
    "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",  # today's attribute names, not those of 2022
}

# Server spans are FastAPI's own: a third of the cost of the ASGI instrumentation, which would suppress them.
_WANTED = frozenset({"sqlalchemy", "httpx2"})

_FLUSH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Spans:
    """What became of this process's spans: ended = delivered + lost + those still on their way."""

    ended: int = 0
    delivered: int = 0
    lost: int = 0


class Delivery(SpanExporter):
    """Counts what an exporter delivers and loses, and says the first loss once, not with every batch."""

    def __init__(self, exporter: SpanExporter) -> None:
        self.delivered = 0
        self.lost = 0
        self._exporter = exporter
        self._lock = threading.Lock()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand a batch on; an exception counts as a failure."""
        try:
            result, reason = self._exporter.export(spans), "the backend refused them or did not answer"
        except Exception as error:  # an exporter may raise anything, and a service must not care
            result, reason = SpanExportResult.FAILURE, type(error).__name__
        if result is SpanExportResult.SUCCESS:
            self.delivered += len(spans)
        else:
            self.lose(len(spans), reason)
        return result

    def lose(self, number: int, reason: str) -> None:
        """Count spans as lost."""
        with self._lock:
            first, self.lost = not self.lost, self.lost + number
        if first:
            logger.warning(
                "Spans are being lost: %s. Requests go on; the number is counted and said at the end.", reason
            )

    def shutdown(self) -> None:
        """Close the exporter."""
        self._exporter.shutdown()


class Queue(deque[ReadableSpan]):
    """The batch processor's queue, which tells of each span that it pushes out for want of room.

    Spans end on several threads while another takes them out: only under one lock is it certain whether it was full.
    """

    def __init__(self, most: int | None, pushed_out: Callable[[], None]) -> None:
        super().__init__(maxlen=most)
        self._pushed_out = pushed_out
        self._lock = threading.Lock()

    def appendleft(self, span: ReadableSpan) -> None:
        """Put one in."""
        with self._lock:
            full = len(self) == self.maxlen
            super().appendleft(span)
        if full:
            self._pushed_out()

    def pop(self) -> ReadableSpan:  # type: ignore[override]  # only ever the oldest
        """Take the oldest out."""
        with self._lock:
            return super().pop()


class Processor(BatchSpanProcessor):
    """The standard batch processor, counting what ends, and what its full queue would drop silently."""

    def __init__(self, exporter: SpanExporter) -> None:
        self.delivery = Delivery(exporter)
        self.ended = 0
        self._lock = threading.Lock()  # spans end on the event loop and on worker threads
        super().__init__(self.delivery)
        inner = self._batch_processor  # nothing public tells what it drops
        inner._queue = Queue(inner._queue.maxlen, self._pushed_out)  # noqa: SLF001

    def on_end(self, span: ReadableSpan) -> None:
        """Count and queue a sampled span."""
        if not (span.context and span.context.trace_flags.sampled):
            return
        with self._lock:
            self.ended += 1
        super().on_end(span)

    def _pushed_out(self) -> None:
        self.delivery.lose(1, "they end faster than the backend takes them")


_processors: list[Processor] = []


class Distro(BaseDistro):  # type: ignore[misc]  # untyped there
    """What tracelab adds to stock auto-instrumentation: defaults, and fewer spans that say nothing."""

    def _configure(self, **_: Any) -> None:
        clock.set_from_environment()  # before the first span
        for name, value in DEFAULTS.items():
            os.environ[name] = os.environ.get(name) or value  # an empty variable is as good as none, by the standard
        for name in ("NO_PROXY", "no_proxy"):  # with a proxy in the environment, spans for loopback would vanish
            os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1,localhost"]))

    def load_instrumentor(self, entry_point: EntryPoint, **kwargs: Any) -> None:
        """Switch one instrumentation on, with the settings that suit it."""
        if disabled() or entry_point.name not in _WANTED:
            return
        instrument = entry_point.load()().instrument
        if entry_point.name == "sqlalchemy":
            _instrument_sqlalchemy(instrument, **kwargs)
        else:
            instrument(**kwargs)


class Wire(CompositePropagator):
    """The propagators that OTEL_PROPAGATORS lists, for callers that pass their context on, as all should."""

    def extract(self, *args: Any, **kwargs: Any) -> Context:
        """Read the context from a request's headers; of no propagators the SDK gives None, which nobody expects."""
        return super().extract(*args, **kwargs) or Context()

    def inject(self, *args: Any, **kwargs: Any) -> None:
        """Write the context into an outgoing request's headers."""
        if manner.current().passes_context:
            super().inject(*args, **kwargs)


class Configurator:
    """Makes the tracer provider: sampler, resource, limits, batching and exporters, all as OTEL_* says."""

    def configure(self, **_: Any) -> None:
        """Set the global tracer provider and propagators, unless OTEL_SDK_DISABLED."""
        if disabled():
            return
        # The API reads OTEL_PROPAGATORS when it is imported: in a forked process that was before this one's was set.
        propagate.set_global_textmap(Wire(list(_components("opentelemetry_propagator", "OTEL_PROPAGATORS"))))
        for name in ("opentelemetry.exporter", "opentelemetry.sdk._shared_internal"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # Delivery says it once instead
        provider = TracerProvider(id_generator=_id_generator(), resource=Resource.create(), shutdown_on_exit=False)
        for exporter in _exporters():
            processor = Processor(exporter)
            _processors.append(processor)
            provider.add_span_processor(processor)
        trace.set_tracer_provider(provider)


def start() -> None:
    """Do what `opentelemetry-instrument` does; before the app is imported, for that makes engines and clients."""
    distro = Distro()
    distro.configure()
    Configurator().configure()
    unwanted = os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").replace(" ", "").split(",")
    for entry_point in entry_points(group="opentelemetry_instrumentor"):
        if entry_point.name not in unwanted:
            distro.load_instrumentor(entry_point, skip_dep_check=True)


def stop(seconds: float = _FLUSH_SECONDS) -> Spans:
    """Send what is queued, for so many seconds at most; what could not be sent is counted as lost, in one log line."""
    closing = threading.Thread(target=_shutdown, daemon=True)
    closing.start()
    closing.join(seconds)
    final = counts()
    on_the_way = final.ended - final.delivered
    if on_the_way:
        logger.error("%d of %d spans were lost: the backend did not take them.", on_the_way, final.ended)
    return Spans(final.ended, final.delivered, on_the_way)


def counts() -> Spans:
    """What became of the spans so far."""
    return Spans(
        sum(processor.ended for processor in _processors),
        sum(processor.delivery.delivered for processor in _processors),
        sum(processor.delivery.lost for processor in _processors),
    )


def sampler() -> str | None:
    """The sampler's own description; None where no SDK is at work, and so no span is ever made."""
    provider = trace.get_tracer_provider()
    return provider.sampler.get_description() if isinstance(provider, TracerProvider) else None


def exporters() -> int:
    """How many exporters spans are handed to."""
    return len(_processors)


def disabled() -> bool:
    """Whether OTEL_SDK_DISABLED is set: then nothing is instrumented at all, and baggage does not travel."""
    return os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


@contextmanager
def untraced() -> Iterator[None]:
    """No spans for what the block does, here or in the services it calls: start-up and repair are nobody's request.

    The block runs under an unsampled parent, which every parent-based sampler follows, on this side and on the other;
    its id is in the log lines of both.
    """
    ids = RandomIdGenerator()
    parent = trace.SpanContext(ids.generate_trace_id(), ids.generate_span_id(), is_remote=True)
    token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(parent)))
    try:
        yield
    finally:
        context.detach(token)


def _shutdown() -> None:
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


def _exporters() -> Iterator[SpanExporter]:
    return _components("opentelemetry_traces_exporter", "OTEL_TRACES_EXPORTER", {"otlp": "otlp_proto_http"})


def _id_generator() -> IdGenerator | None:
    name = os.environ.get("OTEL_PYTHON_ID_GENERATOR", "random").strip()
    return None if name == "random" else _component("opentelemetry_id_generator", name, "OTEL_PYTHON_ID_GENERATOR")


def _components(group: str, variable: str, spelled: Mapping[str, str] = MappingProxyType({})) -> Iterator[Any]:
    """One of each that a variable lists; nothing for `none`."""
    for name in (os.environ.get(variable) or DEFAULTS[variable]).split(","):
        if name.strip() not in {"", "none"}:
            yield _component(group, spelled.get(name.strip(), name.strip()), variable)


def _component(group: str, name: str, variable: str) -> Any:
    found = next(iter(entry_points(group=group, name=name)), None)
    if found is None:
        known = ", ".join(sorted({each.name for each in entry_points(group=group)}))
        raise ValueError(f"{variable} names {name!r}, which is not installed; these are: {known}.")
    return found.load()()


def _instrument_sqlalchemy(instrument: Callable[..., None], **kwargs: Any) -> None:
    """Trace each statement once, and drop the span for a connection: a real wait there has a span of its own."""
    # The async half must have its own create_engine before that is wrapped, or an engine is traced twice.
    importlib.import_module("sqlalchemy.ext.asyncio")
    instrument(**kwargs)
    unwrap(importlib.import_module("sqlalchemy.engine.base").Engine, "connect")
