"""Spans come in whole, by every way, and what is wrong with one hurts no other."""

from __future__ import annotations

import gzip
import json

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from backend import body
from discovery import client, document
from tests.backend.running import ask, builtin, post_json
from tests.discovery import forms
from tests.discovery.making import tree

PROTOBUF = "application/x-protobuf"


def protobuf(
    trace_id: bytes = bytes.fromhex(forms.TRACE_ID), span_id: bytes = bytes.fromhex("00f067aa0ba902b7")
) -> bytes:
    """Make an export request with one failed span."""
    span = Span(trace_id=trace_id, span_id=span_id, name="POST /orders", kind=Span.SPAN_KIND_SERVER)
    span.start_time_unix_nano, span.end_time_unix_nano = forms.START * 1000, (forms.START + 100) * 1000
    span.status.CopyFrom(Status(code=Status.STATUS_CODE_ERROR, message="out of stock"))
    attribute = span.attributes.add(key="http.response.status_code")
    attribute.value.int_value = 503
    group = ResourceSpans(scope_spans=[ScopeSpans(spans=[span])])
    group.resource.attributes.add(key="service.name").value.string_value = "order"
    return ExportTraceServiceRequest(resource_spans=[group]).SerializeToString()


@pytest.fixture(scope="module")
def here():
    """One backend for tests whose traces do not meet."""
    with builtin() as found:
        yield found


def read(here, trace_id=forms.TRACE_ID):
    """Read a trace back, as `tracelab show` does."""
    return client.read(client.probe(here.query_url), trace_id, expected=1)


def counted(here):
    """What the backend says it has received and refused, in spans."""
    said = ask(f"{here.query_url}/health").json
    return {name: said[name] for name in ("received", "refused")}


@pytest.mark.parametrize("form", ["OTLP", "Zipkin"])
@pytest.mark.parametrize("compressed", [False, True])
def test_json_comes_back_as_it_was_sent(form, compressed):
    """A trace in OTLP JSON or Zipkin JSON, gzip or not, is read back with the same tree, message and event."""
    content = forms.FORMS[form].encode()
    headers = {"content_encoding": "gzip"} if compressed else {}
    with builtin() as here:
        path = f"{here.otlp_endpoint}/v1/traces" if form == "OTLP" else here.zipkin_endpoint
        sent = ask(
            path, body=gzip.compress(content) if compressed else content, content_type="application/json", **headers
        )
        assert sent.status == (200 if form == "OTLP" else 202)
        found = read(here)
    [measure] = document.parse(forms.FORMS["OTLP"])
    assert tree(found) == tree(measure)
    failed = found.spans[1]
    assert failed.message == "out of stock"
    assert failed.events == measure.spans[1].events


@pytest.mark.parametrize("compressed", [False, True])
def test_protobuf_comes_back_as_it_was_sent(compressed):
    """A span in OTLP's protobuf, gzip or not, keeps its service, name, kind, times, status and attributes."""
    headers = {"content_encoding": "gzip"} if compressed else {}
    with builtin() as here:
        content = gzip.compress(protobuf()) if compressed else protobuf()
        sent = ask(f"{here.otlp_endpoint}/v1/traces", body=content, content_type=PROTOBUF, **headers)
        assert (sent.status, sent.headers["content-type"]) == (200, PROTOBUF)
        [span] = read(here).spans
    assert (span.service, span.name, span.kind) == ("order", "POST /orders", "server")
    assert (span.start, span.duration, span.error, span.message) == (forms.START, 100, True, "out of stock")
    assert span.attributes["http.response.status_code"] == "503"


def test_both_ports_take_both_forms():
    """The two ports are two doors of one house: OTLP at Zipkin's port, Zipkin at OTLP's."""
    with builtin() as here:
        assert post_json(f"{here.query_url}/v1/traces", forms.otlp()).status == 200
        assert post_json(f"{here.otlp_endpoint}/api/v2/spans", forms.zipkin()).status == 202
        assert counted(here) == {"received": 4, "refused": 0}


def test_a_bad_span_hurts_no_other():
    """Of a batch with a bad span the good ones are kept; the answer counts the bad one and says where it stood."""
    spelled = forms.otlp()
    spelled["resourceSpans"][0]["scopeSpans"][0]["spans"][1]["startTimeUnixNano"] = "soon"
    with builtin() as here:
        answer = post_json(f"{here.otlp_endpoint}/v1/traces", spelled).json["partialSuccess"]
        assert answer["rejectedSpans"] == "1"
        place = "resourceSpans[0].scopeSpans[0].spans[1]: Failed to parse startTimeUnixNano"
        assert answer["errorMessage"].startswith(place)
        assert len(read(here).spans) == 1
        answer = post_json(here.zipkin_endpoint, [{"traceId": "1", "id": "nonsense"}, *forms.zipkin()])
        assert (answer.status, answer.json["refused"]) == (202, 1)
        assert answer.json["reason"] == "[0].id is not hexadecimal, or all zeros; expected an id."
        assert counted(here) == {"received": 3, "refused": 2}


def test_protobuf_with_ids_of_the_wrong_length():
    """A span with a short id is refused by OTLP's partial success, with its place."""
    with builtin() as here:
        sent = ask(f"{here.otlp_endpoint}/v1/traces", body=protobuf(span_id=b"123"), content_type=PROTOBUF)
        answer = ExportTraceServiceResponse.FromString(sent.body)
    assert answer.partial_success.rejected_spans == 1
    assert answer.partial_success.error_message.startswith("resourceSpans[0].scopeSpans[0].spans[0] has ids")


def test_spans_late_twice_and_in_any_order():
    """A child that comes before its parent, and twice, is one span below it."""
    server, failed = forms.zipkin()
    with builtin() as here:
        for batch in ([failed], [server, failed], [failed]):
            assert post_json(here.zipkin_endpoint, batch).status == 202
        found = read(here)
    assert [span.span_id for span in found.spans] == [server["id"], failed["id"]]


@pytest.mark.parametrize(
    ("path", "content", "headers", "refusal"),
    [
        ("/v1/traces", b"{", {"content_type": "application/json"}, (400, "not JSON")),
        ("/v1/traces", b"[]", {"content_type": "application/json"}, (400, "expected an object")),
        ("/v1/traces", b"\xff\xff", {"content_type": PROTOBUF}, (400, "not an OTLP ExportTraceServiceRequest")),
        ("/v1/traces", b"{}", {"content_type": "text/plain"}, (415, "content-type must be")),
        ("/v1/traces", b"{}", {"content_type": "application/json", "content_encoding": "br"}, (415, "gzip or none")),
        (
            "/v1/traces",
            b"{}",
            {"content_type": "application/json", "content_encoding": "gzip"},
            (400, "not valid gzip"),
        ),
        (
            "/v1/traces",
            gzip.compress(b"{}")[:-4],
            {"content_type": "application/json", "content_encoding": "gzip"},
            (400, "ends"),
        ),
        ("/api/v2/spans", b"{}", {"content_type": "application/json"}, (400, "not a JSON list")),
        ("/api/v2/spans", b"[" * 5000, {"content_type": "application/json"}, (400, "not a JSON list")),
        ("/api/v2/spans", b"\xff", {"content_type": "application/json"}, (400, "not a JSON list")),
        ("/api/v2/spans", b"[]", {"content_type": "application/x-thrift"}, (415, "content-type must be")),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(here, path, content, headers, refusal):
    """A body in another form than it says is a 4xx that names what was expected, and never a 500."""
    answer = ask(here.query_url + path, body=content, **headers)
    status, said = refusal
    assert answer.status == status
    assert said in answer.text


def test_bodies_are_bounded(here):
    """A body that is too large is refused, be it sent so or grown from a small gzip."""
    large = b" " * (body.MOST_SENT + 1)
    assert ask(here.zipkin_endpoint, body=large, content_type="application/json").status == 413
    bomb = gzip.compress(b" " * (body.MOST_INFLATED + 1))
    assert len(bomb) < 100_000
    refused = ask(here.zipkin_endpoint, body=bomb, content_type="application/json", content_encoding="gzip")
    assert refused.status == 413


def test_any_page_may_send_spans_but_read_nothing(here):
    """CORS: posting spans is open to every origin; what can be read carries no such header."""
    asked = {"origin": "http://somewhere.example", "access_control_request_method": "POST"}
    for path in ("/v1/traces", "/api/v2/spans"):
        allowed = ask(here.query_url + path, method="OPTIONS", **asked)
        assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (204, "*")
        assert allowed.headers["access-control-allow-methods"] == "POST"
    assert post_json(here.zipkin_endpoint, forms.zipkin()).headers["access-control-allow-origin"] == "*"
    for path in ("/", "/health", "/api/v2/services", f"/api/v2/trace/{forms.TRACE_ID}"):
        assert (
            "access-control-allow-origin" not in ask(here.query_url + path, origin="http://somewhere.example").headers
        )


def test_a_batch_of_the_exporters_size_is_taken_at_once(here):
    """512 spans in one body, as the SDK sends them, arrive."""
    batch = [{"traceId": "abc", "id": f"{number:016x}", "name": "n", "timestamp": 5} for number in range(1, 513)]
    assert post_json(here.zipkin_endpoint, batch).status == 202
    assert len(json.loads(ask(f"{here.query_url}/api/v2/trace/abc").body)) == 512
