"""OpenTelemetry's own exporters send here unchanged, and all they say is kept."""

from __future__ import annotations

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.zipkin.json import ZipkinExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from discovery import client, document
from tests.backend.running import ask, builtin, post_json

LINKED = SpanContext(0xABC, 0xDEF, is_remote=True, trace_flags=TraceFlags(1))
ATTRIBUTES = {
    "text": "tea & 차",
    "whole": -(2**60),
    "part": 0.25,
    "truth": True,
    "texts": ("a", "b"),
    "wholes": (1, 2),
    "empty": "",
}


@pytest.fixture(scope="module")
def here():
    """One backend for all senders."""
    with builtin() as found:
        yield found


def recorded(exporter):
    """Let an exporter send a failed child with an exception and a link, and its parent, one by one; their trace id."""
    resource = Resource({"service.name": "Order", "service.version": "1.2", "replica": 3})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    results = []

    class Noted(SimpleSpanProcessor):
        def on_end(self, span):
            results.append(exporter.export((span,)))

    provider.add_span_processor(Noted(exporter))
    tracer = provider.get_tracer("shop.orders", "4.5")
    with tracer.start_as_current_span("POST /orders", kind=SpanKind.SERVER, attributes=ATTRIBUTES) as parent:
        parent.set_status(Status(StatusCode.OK))
        with tracer.start_as_current_span(
            "reserve", kind=SpanKind.CLIENT, links=[Link(LINKED, {"why": "retry"})]
        ) as child:
            child.record_exception(ValueError("out of stock"))
            child.set_status(Status(StatusCode.ERROR, "no tea"))
    provider.shutdown()
    assert results == [SpanExportResult.SUCCESS] * 2
    return f"{parent.get_span_context().trace_id:032x}"


def otlp(here, compression):
    """OpenTelemetry's exporter of OTLP over HTTP, in protobuf."""
    return OTLPSpanExporter(f"{here.otlp_endpoint}/v1/traces", compression=compression)


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_otlp_keeps_all(here, compression):
    """By OTLP: types, nested values, events, links, status, scope and resource come back as they were."""
    found = client.read(client.probe(here.query_url), recorded(otlp(here, compression)), expected=2)
    assert [span.service for span in found.spans] == ["Order", "Order"]
    [whole] = document.parse(ask(f"{here.query_url}/trace/{found.trace_id}/otlp.json").body)
    parent, child = whole.spans
    assert parent.attributes == {**ATTRIBUTES, "texts": ["a", "b"], "wholes": [1, 2]}
    assert (parent.ok, parent.error, parent.kind, parent.scope) == (True, False, "server", "shop.orders 4.5")
    assert (parent.resource["service.version"], parent.resource["replica"]) == ("1.2", 3)
    assert (child.error, child.message, child.kind, child.parent_id) == (True, "no tea", "client", parent.span_id)
    [event] = child.events
    assert (event.name, event.attributes["exception.message"]) == ("exception", "out of stock")
    [link] = child.links
    assert (int(link.trace_id, 16), int(link.span_id, 16), link.attributes) == (0xABC, 0xDEF, {"why": "retry"})


def test_zipkin_keeps_what_it_can_say(here):
    """By Zipkin's JSON: tags as texts, the error's description, the event with its attributes, the tree."""
    found = client.read(
        client.probe(here.query_url), recorded(ZipkinExporter(endpoint=here.zipkin_endpoint)), expected=2
    )
    parent, child = found.spans
    assert (parent.attributes["whole"], parent.attributes["truth"]) == (str(-(2**60)), "true")
    assert (child.parent_id, child.error, child.message) == (parent.span_id, True, "no tea")
    [event] = child.events
    assert (event.name, event.attributes["exception.message"]) == ("exception", "out of stock")


def test_one_trace_of_two_kinds_of_sender(here):
    """A trace whose spans came by OTLP and by Zipkin's JSON is one."""
    trace_id = recorded(otlp(here, Compression.Gzip))
    first = client.read(client.probe(here.query_url), trace_id, expected=2).spans[0]
    late = {"traceId": trace_id, "id": "a", "parentId": first.span_id, "name": "pay", "timestamp": first.start + 1}
    assert post_json(here.zipkin_endpoint, [{**late, "localEndpoint": {"serviceName": "payment"}}]).status == 202
    found = client.read(client.probe(here.query_url), trace_id, expected=3)
    assert found.roots == (found.spans[0],)
    assert set(found.services) == {"Order", "payment"}


def test_the_exporter_tries_again_when_asked_to(here, monkeypatch):
    """Turned away with Retry-After, OpenTelemetry's exporter waits and sends again: no span is lost."""
    answers = []

    def busy(self, batch):
        answers.append(len(answers))
        if len(answers) == 1:
            raise Busy("Try again.")
        return submit(self, batch)

    from backend.writer import Busy, Writer

    submit = Writer.submit
    monkeypatch.setattr(Writer, "submit", busy)
    trace_id = recorded(otlp(here, Compression.NoCompression))
    assert len(answers) == 3
    assert len(client.read(client.probe(here.query_url), trace_id, expected=2).spans) == 2
