"""One trace, sent to real Jaeger, real Zipkin and the built-in backend, is read back the same from each."""

from __future__ import annotations

import http.server
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.zipkin.json import ZipkinExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode, format_trace_id, set_span_in_context

from discovery import client, dependencies, document
from discovery.client import Make
from discovery.errors import NotFound, Unreachable
from tests.backend.running import ask, builtin, post_json
from tests.discovery.making import RECORDED, recorded, tree


@pytest.fixture
def checkout():
    """A failed checkout across two services, made by the OpenTelemetry SDK: its spans, unsent."""
    kept = InMemorySpanExporter()

    def tracer(service):
        sender = {"service.name": service, "service.instance.id": f"{service}-2", "service.version": "7"}
        provider = TracerProvider(resource=Resource.create(sender))
        provider.add_span_processor(SimpleSpanProcessor(kept))
        return provider.get_tracer("test")

    base = time.time_ns() // 1000 * 1000 - 10**9
    gateway, order = tracer("gateway"), tracer("order")
    made = []

    def start(at, name, kind, parent=None):
        context = set_span_in_context(parent) if parent else None
        made.append(at.start_span(name, kind=kind, context=context, start_time=base + len(made) * 1_000_000))
        return made[-1]

    server = start(gateway, "POST /orders", SpanKind.SERVER)
    call = start(gateway, "POST", SpanKind.CLIENT, server)
    called = start(order, "POST /orders", SpanKind.SERVER, call)
    start(order, "check the card", SpanKind.INTERNAL, called)
    start(order, "told the warehouse", SpanKind.PRODUCER, called)
    call.set_status(Status(StatusCode.ERROR, "HTTP 409"))
    call.set_attribute("http.response.status_code", 409)
    call.record_exception(ValueError("last one gone"), timestamp=base + 3_000_000)
    for number, span in enumerate(made):
        span.end(base + (100 - number) * 1_000_000)
    return kept.get_finished_spans()


def send(spans, to):
    """Send spans as the shop does: by OTLP where the backend speaks it, else as Zipkin JSON."""
    exporters = [OTLPSpanExporter(f"{to.otlp_endpoint}/v1/traces")] if to.otlp_endpoint else []
    for exporter in exporters or [ZipkinExporter(endpoint=to.zipkin_endpoint)]:
        by_service = [[span for span in spans if span.resource == resource] for resource in {s.resource for s in spans}]
        for batch in by_service:  # Zipkin's exporter takes its local endpoint from a batch's first span
            assert exporter.export(batch).name == "SUCCESS"
        exporter.shutdown()


def test_the_sdks_spans(backend, checkout):
    """A trace of the SDK has the declared tree in every backend, with kinds, times, error, message and exception."""
    send(checkout, backend)
    trace_id = format_trace_id(checkout[0].context.trace_id)
    found = client.read(client.probe(backend.query_url), trace_id, expected=5)
    assert found.trace_id == trace_id
    rows = [(depth, span.service, span.name.casefold(), str(span.kind), span.error) for span, depth in found.walk()]
    assert rows == [
        (0, "gateway", "post /orders", "server", False),
        (1, "gateway", "post", "client", True),  # a 4xx: red where it was asked, not where it was answered
        (2, "order", "post /orders", "server", False),
        (3, "order", "check the card", "internal", False),
        (3, "order", "told the warehouse", "producer", False),
    ]
    assert [span.start - found.start for span in found.spans] == [0, 1000, 2000, 3000, 4000]
    assert [span.duration for span in found.spans] == [100_000, 98_000, 96_000, 94_000, 92_000]
    failed = found.spans[1]
    assert failed.message == "HTTP 409"
    [event] = failed.events
    assert (event.name, event.time - found.start) == ("exception", 3000)
    assert event.attributes["exception.type"] == "ValueError"
    assert event.attributes["exception.message"] == "last one gone"
    assert str(failed.attributes["http.response.status_code"]) == "409"


def test_who_sent_a_span(backend, checkout):
    """Instance and version of the sender are on every span: as its resource, or among the tags, as Zipkin has them."""
    send(checkout, backend)
    found = client.read(client.probe(backend.query_url), format_trace_id(checkout[0].context.trace_id), expected=5)
    assert {(span.service, span.tag("service.instance.id")) for span in found.spans} == {
        ("gateway", "gateway-2"), ("order", "order-2"),
    }  # fmt: skip
    assert {span.tag("service.version") for span in found.spans} == {"7"}
    assert found.root.tag("never.sent") is None


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_recorded_traces(backend, file):
    """A recorded trace, shared spans, missing parents and all, is the same from every backend as from its file."""
    expected = recorded(file.stem)
    post_json(backend.zipkin_endpoint, json.loads(file.read_text("utf-8")))
    at = client.probe(backend.query_url)
    found = client.read(at, expected.trace_id, expected=len(expected.spans))
    if at.make is Make.JAEGER:  # Jaeger names the service of a span that has none
        found = replace(found, spans=tuple(_unnamed(span) for span in found.spans))
    assert tree(found) == tree(expected)
    assert found.missing == expected.missing


def _unnamed(span):
    return replace(span, service="") if span.service == "missing-service-name" else span


def test_jaegers_own_download_of_a_recorded_trace(jaeger):
    """What Jaeger's /api/traces gives, the form of its UI's download, is the same trace once more."""
    text = RECORDED[0].read_text("utf-8").replace("ef86c83c0a05a6d6", "ef86c83c0a05ffff")  # sent by no other test
    [expected] = document.parse(text)
    post_json(jaeger.zipkin_endpoint, json.loads(text))
    client.read(client.probe(jaeger.query_url), expected.trace_id, expected=len(expected.spans))
    [found] = document.parse(ask(f"{jaeger.query_url}/api/traces/{expected.trace_id}").body)
    assert tree(found) == tree(expected)


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_dependencies_equal_zipkins_own(zipkin, file):
    """Of every recorded trace the calls between services are those that the real Zipkin counts."""
    expected = recorded(file.stem)
    post_json(zipkin.zipkin_endpoint, json.loads(file.read_text("utf-8")))
    client.read(client.probe(zipkin.query_url), expected.trace_id, expected=len(expected.spans))
    window = {
        "endTs": (expected.start + expected.duration) // 1000 + 1000,
        "lookback": expected.duration // 1000 + 2000,
    }
    counted = ask(f"{zipkin.query_url}/api/v2/dependencies?{urlencode(window)}").json
    ours = {
        (link.parent.lower(), link.child.lower(), link.calls, link.errors)
        for link in dependencies.dependencies([expected])
    }
    assert ours == {(link["parent"], link["child"], link["callCount"], link.get("errorCount", 0)) for link in counted}


def test_make_and_services_and_latest(backend, checkout):
    """A backend's make is found by asking it; its services and their latest traces are listed."""
    send(checkout, backend)
    at = client.probe(f"{backend.query_url}/")
    assert at.make is (Make.JAEGER if ask(f"{backend.query_url}/api/v3/services").status == 200 else Make.ZIPKIN)
    trace_id = format_trace_id(checkout[0].context.trace_id)
    client.read(at, trace_id, expected=5)
    assert {"gateway", "order"} <= set(client.services(at))
    assert trace_id in [trace.trace_id for trace in client.latest(at, "order")]
    assert client.latest(at, "nobody") == []


@pytest.mark.parametrize("trace_id", ["feedfeedfeedfeed", "not an id", "../services", "0"])
def test_a_trace_that_is_not_there(backend, trace_id):
    """An id that a backend does not know, or that is none, is NotFound with the id in its sentence."""
    with pytest.raises(NotFound, match="has no trace"):
        client.read(client.probe(backend.query_url), trace_id, wait=0.3)


def test_reading_waits_until_the_trace_stops_growing(checkout):
    """Spans that come one after the other, as services flush, are all there when the read returns."""
    with builtin() as here:
        late = threading.Thread(target=lambda: [(time.sleep(0.2), send([span], here)) for span in checkout])
        late.start()
        found = client.read(client.probe(here.query_url), format_trace_id(checkout[0].context.trace_id), wait=10)
        late.join()
    assert len(found.spans) == 5


def test_a_proxy_in_the_environment_is_ignored(monkeypatch):
    """With HTTP_PROXY set to a dead address, a backend on the loopback is read all the same."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with builtin() as here:
        assert client.probe(here.query_url).make is Make.ZIPKIN


def test_something_else_at_the_address():
    """A server that is no tracing backend is named as such: exit code 4."""
    with _web_server() as url, pytest.raises(Unreachable, match="neither as Jaeger nor as Zipkin") as raised:
        client.probe(url)
    assert raised.value.exit_code == 4


@contextmanager
def _web_server():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        def log_message(self, *arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
