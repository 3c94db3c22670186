"""What is odd and yet allowed is taken, and neither its own pages nor those of other traces break by it."""

from __future__ import annotations

import math
from urllib.parse import quote

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from backend import ingest, otlp_form, zipkin_form
from backend.words import Sort, Word, admits, hashed
from discovery.errors import Malformed
from tests.backend.running import ask, builtin, post_json

EVER = "lookback=9000000000000000&endTs=9000000000000000"
EVERYWHERE = [
    *("/?lookback=all", "/?lookback=all&errors=on", "/dependencies?lookback=all", "/live", "/metrics"),
    *(f"/api/v2/traces?limit=1000&{EVER}", f"/api/v2/dependencies?{EVER}", "/api/v2/autocompleteKeys"),
]
OF_ONE = ["/api/v2/trace/{0}", "/compare?a={0}&b={0}"] + [
    f"/trace/{{0}}{form}" for form in ("", "/text", "/zipkin.json", "/jaeger.json", "/otlp.json")
]


def noted(text):
    """Fields of a span with one annotation."""
    return {"annotations": [{"timestamp": 1, "value": text}]}


ZIPKIN = {
    "an annotation that nests without end": [noted('{"a":' * 100_000)],
    "an annotation that nests deeply, and ends": [noted('{"a":' * 900 + "1" + "}" * 900)],
    "half a character as an annotation's name": [noted('{"\\ud800": {"a": 1}}')],
    "half a character in an annotation": [noted('{"a": {"b": "\\ud800"}}')],
    "no number in an annotation": [noted('{"a": {"b": NaN}}')],
    "a number of 4,000 digits": [noted('{"a": {"b": 1' + "0" * 4000 + "}}")],
    "the latest time": [{"timestamp": 2**62, "duration": 2**62}],
    "the earliest time": [{"timestamp": 1, "duration": 1}],
    "both": [{"timestamp": 1, "duration": 2**62}, {"timestamp": 2**62, "duration": 1, "parentId": "1"}],
    "no time": [{"timestamp": None, "duration": None}],
    "a circle": [{"parentId": "2"}, {"parentId": "1"}],
    "its own parent": [{"parentId": "1"}],
    "a name of a million letters": [{"name": "x" * 1_000_000}],
    "a tag of a million letters": [{"tags": {"x" * 10_000: "y" * 1_000_000}}],
    "signs that control": [{"name": "\x00\x1b[31m\r\n\u202e", "tags": {"\x00": "\u2028</script><b>"}}],
    "no address": [{"localEndpoint": {"serviceName": "s", "port": -(2**70), "ipv4": "999.1", "ipv6": "::1%eth0"}}],
    "a chain": [{"parentId": f"{number:x}"} if number else {} for number in range(1500)],
    "one id for many": [{"id": "1", "localEndpoint": {"serviceName": f"s{number}"}} for number in range(500)],
}


@pytest.fixture(scope="module")
def here():
    """One backend for all of them; at the end those pages are asked for where all are together."""
    with builtin() as found:
        yield found
        check(found, EVERYWHERE)
        for service in ask(f"{found.query_url}/api/v2/services").json:
            assert ask(f"{found.query_url}/api/v2/traces?{EVER}&limit=1&serviceName={quote(service)}").json, service


def check(here, paths):
    """Ask for pages."""
    assert {path: status for path in paths if (status := ask(here.query_url + path).status) != 200} == {}


@pytest.mark.parametrize("what", ZIPKIN)
def test_odd_spans_of_zipkins_form(here, what):
    """Each is taken, and every page and answer with it is a 200."""
    trace_id = f"{list(ZIPKIN).index(what) + 1:x}"
    usual = {"traceId": trace_id, "timestamp": 1_700_000_000_000_000, "localEndpoint": {"serviceName": "odd"}}
    spans = [usual | {"id": f"{number:x}"} | fields for number, fields in enumerate(ZIPKIN[what], 1)]
    assert post_json(here.zipkin_endpoint, spans).status == 202
    check(here, [path.format(trace_id) for path in OF_ONE])


def value(attribute, kind, given):
    """Set an attribute's value."""
    setattr(attribute.value, kind, given)


OTLP = {
    "no number": lambda _, span: value(span.attributes.add(key="a"), "double_value", math.nan),
    "an endless number": lambda _, span: value(
        span.events.add(name="e").attributes.add(key="a"), "double_value", -math.inf
    ),
    "an event that nests without end": lambda _, span: span.events.add(name='{"a":' * 20_000),
    "half a character as an event's name": lambda _, span: span.events.add(name='{"\\ud800": {"a": 1}}'),
    "an unknown kind and status": lambda _, span: (setattr(span, "kind", 77), setattr(span.status, "code", -5)),
    "the latest start, and an end before it": lambda _, span: setattr(span, "start_time_unix_nano", 2**64 - 1),
    "a link to nowhere": lambda _, span: span.links.add(trace_id=b"x"),
    "a service that is true": lambda group, _: value(
        group.resource.attributes.add(key="service.name"), "bool_value", True
    ),
    "a service that is two": lambda group, _: [
        value(group.resource.attributes.add(key="service.name"), "string_value", name) for name in ("first", "last")
    ],
    "a service that is a list": lambda group, _: group.resource.attributes.add(
        key="service.name"
    ).value.array_value.values.add(string_value="x"),
}


@pytest.mark.parametrize("what", OTLP)
def test_odd_spans_of_otlp(here, what):
    """Each is taken, every page and answer with it is a 200, and it is found by its service as listed."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    trace_id = bytes([list(OTLP).index(what) + 1]) * 16
    span = group.scope_spans.add().spans.add(trace_id=trace_id, span_id=b"12345678", start_time_unix_nano=10**18)
    OTLP[what](group, span)
    sent = ask(
        f"{here.otlp_endpoint}/v1/traces", body=request.SerializeToString(), content_type="application/x-protobuf"
    )
    assert (sent.status, sent.body) == (200, b"")
    check(here, [path.format(trace_id.hex()) for path in OF_ONE])


def test_many_reports_of_one_span(here):
    """A span that was reported 20,000 times, each time with something new, is one with all of it, and soon."""
    usual = {"traceId": "aaaa", "id": "1", "timestamp": 1_700_000_000_000_000}
    for start in range(0, 20_000, 5_000):
        reports = [
            usual | {"tags": {f"k{number}": ""}, "annotations": [{"timestamp": number, "value": f"a{number}"}]}
            for number in range(start, start + 5_000)
        ]
        assert post_json(here.zipkin_endpoint, reports).status == 202
    [span] = ask(
        f"{here.query_url}/api/v2/trace/aaaa"
    ).json  # ask gives up after ten seconds; pair by pair takes minutes
    assert (len(span["tags"]), len(span["annotations"])) == (20_000, 20_000)


def field(tag, content):
    """Spell a field of protobuf with a length below 16,384."""
    size = len(content)
    return bytes((tag, size) if size < 128 else (tag, size & 127 | 128, size >> 7)) + content


@pytest.mark.parametrize(
    ("attribute", "key", "text"),
    [
        (field(0x0A, b"foo") + field(0x12, field(0x0A, b"bar")), "foo", "bar"),
        (field(0x12, field(0x0A, b"bar")) + field(0x0A, b"foo"), "foo", "bar"),  # the value first
        (field(0x0A, b"foo") + field(0x12, b"") + field(0x0A, b"bar"), "bar", ""),  # the key twice
        (b"\x0a\x83\x00foo" + field(0x12, field(0x0A, b"bar")), "foo", "bar"),  # a length in more bytes than it needs
        # The same, and so much unknown that a reader who took that length for 128 + 5 would find a text where it ends.
        (b"\x0a\x85\x80\x00" + b"abcde" + field(0x7A, b"x" * 123 + b"\x12\x03\x0a\x01\xff"), "abcde", ""),
    ],
)
def test_attributes_spelled_in_unusual_ways(attribute, key, text):
    """Whatever order, repeats and lengths an attribute is spelled with, it is found by what protobuf reads in it."""
    content = field(0x0A, b"a" * 16) + field(0x12, b"b" * 8) + field(0x4A, attribute)
    for tag in (0x12, 0x12, 0x0A):  # a span, a scope's, a resource's
        content = field(tag, content)
    batch = otlp_form.take(content).batch
    word = Word(Sort.TAG if text else Sort.KEY, key, text)
    assert admits(batch.sieve, hashed(word.sort, word.key, word.value))
    opened = otlp_form.OtlpBatch(batch.body)
    [found] = opened.keys(word)
    assert [span.attributes for span in opened.spans(found)] == [{key: text}]


MANY = 100_001


@pytest.mark.parametrize(
    ("take", "content"),
    [
        (zipkin_form.take, b"[" + b"0," * MANY + b"0]"),
        (zipkin_form.take, b"[" + b'{"traceId":"1","id":"1"},' * MANY + b'{"traceId":"1","id":"1"}]'),
        (ingest.otlp_json_spans, b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + b"{}," * MANY + b"{}]}]}]}"),
        (ingest.otlp_json_spans, b'{"resourceSpans":[{"scopeSpans":[' + b"{}," * MANY + b"{}]}]}"),
        (otlp_form.take, ScopeSpans(spans=[Span()] * MANY)),
        (otlp_form.take, ResourceSpans(scope_spans=[ScopeSpans()] * MANY)),
        (otlp_form.take, ExportTraceServiceRequest(resource_spans=[ResourceSpans()] * MANY).SerializeToString()),
    ],
    ids=["zeros", "spans", "empty in JSON", "scopes in JSON", "empty spans", "empty scopes", "empty resources"],
)
def test_more_than_a_request_may_bring(take, content):
    """Beyond 100,000 spans nothing is taken: empty ones are two bytes each, and hundreds where they are read."""
    if isinstance(content, ScopeSpans):
        content = ResourceSpans(scope_spans=[content])
    if isinstance(content, ResourceSpans):
        content = ExportTraceServiceRequest(resource_spans=[content]).SerializeToString()
    with pytest.raises(Malformed, match="more than 100,000 spans"):
        take(content)
