"""Whatever is sent: no 500, no hang, nothing stored of what was refused, everything stored of what was accepted.

10,000 cases are generated where CI is set, a fortieth of them elsewhere.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.exceptions import HTTPException

from backend import body, forms, ingest, otlp_form, zipkin_form
from backend.batch import Form, Taken, trace_key
from discovery.errors import Malformed
from discovery.trace import assemble
from tests.backend.running import ask, builtin
from tests.backend.test_ingest import protobuf
from tests.discovery import forms as spelled

JSON, PROTOBUF = "application/json", "application/x-protobuf"
MANY = settings(
    max_examples=2200 if os.environ.get("CI") else 50,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FEW = settings(MANY, max_examples=500 if os.environ.get("CI") else 25)

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)  # else it is no JSON, and nothing of it can be taken
    | st.text(max_size=20)
    | st.sampled_from(["0", "0" * 32, "f" * 32, "f" * 33, "-1", "\x00", "1e400", 2**62, 2**63, 2**64 - 1]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PLACES = {
    "zipkin": [
        *("traceId", "id", "parentId", "kind", "name", "timestamp", "duration", "localEndpoint", "remoteEndpoint"),
        *("annotations", "tags", "debug", "shared", "binaryAnnotations", "unknown"),
    ],
    "otlp": [
        *("traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes"),
        *("events", "links", "status", "traceState", "flags", "droppedAttributesCount", "unknown"),
    ],
}


def spans_of(taken: Taken) -> int:
    """Read everything back that was taken, and count it."""
    if taken.batch is None:
        return 0
    opened = forms.opened(taken.batch.form, taken.batch.body)
    keys = {trace_key(part.trace_id) for part in taken.batch.parts}
    found = [span for key in keys for span in opened.spans(key)]
    assert assemble(found).spans
    assert len(found) == taken.batch.spans == sum(part.spans for part in taken.batch.parts)
    return len(found)


def taken(take, content: bytes) -> Taken:
    """Take a body; what cannot be taken at all is refused in words."""
    try:
        return take(content)
    except Malformed:
        return Taken(None)


@st.composite
def changed_json(draw, form):
    """A document with one good span and one in which some fields are anything."""
    good = {"zipkin": spelled.zipkin, "otlp": spelled.otlp}[form]()
    span = good[1] if form == "zipkin" else good["resourceSpans"][0]["scopeSpans"][0]["spans"][1]
    for place in draw(st.lists(st.sampled_from(PLACES[form]), min_size=1, max_size=4)):
        span[place] = draw(anything)
    return json.dumps(good).encode()


@MANY
@given(st.binary(max_size=200))
def test_any_bytes(content):
    """Random bytes are refused or, where they happen to be a batch, read back whole, in every form."""
    for take in (zipkin_form.take, otlp_form.take, ingest.otlp_json_spans):
        spans_of(taken(take, content))


@MANY
@given(changed_json("zipkin"))
def test_any_value_in_zipkins_json(content):
    """Whatever stands in a span's fields: it is taken or refused, and its good neighbour is always taken."""
    found = taken(zipkin_form.take, content)
    assert spans_of(found) + found.refused == 2
    assert found.refused <= 1
    assert bool(found.refused) == bool(found.reason)


@MANY
@given(changed_json("otlp"))
def test_any_value_in_otlps_json(content):
    """The same in OTLP's JSON."""
    found = taken(ingest.otlp_json_spans, content)
    assert spans_of(found) + found.refused == 2
    assert found.refused <= 1
    assert bool(found.refused) == bool(found.reason)


@MANY
@given(st.data())
def test_any_change_of_protobuf(data):
    """A valid request with bytes changed, cut out or put in is refused or read back whole."""
    content = bytearray(protobuf())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        content = content or bytearray(b"\n")
    spans_of(taken(otlp_form.take, bytes(content)))


@FEW
@given(st.binary(max_size=300), st.integers(0, 400), st.booleans())
def test_any_gzip(content, cut, twice):
    """Gzip that is cut, doubled or none is read to its end or refused, never more and never less."""
    packed = gzip.compress(content) * (2 if twice else 1)
    whole = content * (2 if twice else 1)
    with suppress(HTTPException):
        assert body.inflated(packed[:cut]) in (whole, content, b"")
    assert body.inflated(packed) == whole


@FEW
@given(st.sampled_from(["traces", "spans"]), st.one_of(changed_json("zipkin"), changed_json("otlp"), st.binary()))
def test_over_the_wire(here, path, content):
    """Over a socket, whatever it is called: an answer of 2xx or 4xx; and all pages and queries still answer."""
    address = f"{here.query_url}/v1/traces" if path == "traces" else here.zipkin_endpoint
    for media in (JSON, PROTOBUF):
        assert 200 <= ask(address, body=content, content_type=media).status < 500
    assert 200 <= ask(address, body=content, content_type=JSON, content_encoding="gzip").status < 500


@FEW
@given(
    st.sampled_from(["serviceName", "spanName", "remoteServiceName", "annotationQuery", "endTs", "lookback", "limit"]),
    st.text(max_size=60),
)
def test_any_question(here, name, value):
    """Whatever is asked: an answer, or a 4xx that says what was expected; on the pages too."""
    asked = quote(value.encode("utf-8", "surrogatepass"))
    for path in (
        f"/api/v2/traces?{name}={asked}",
        f"/api/v2/dependencies?endTs={asked}",
        f"/api/v2/trace/{asked or '%00'}",
        f"/?{name}={asked}&service={asked}&tags={asked}&min={asked}&lookback={asked}",
        f"/trace/{asked or '%00'}",
        f"/compare?a={asked}&b={asked}",
        f"/dependencies?lookback={asked}&service={asked}",
    ):
        assert ask(here.query_url + path).status < 500, path


@pytest.fixture(scope="module")
def here():
    """One backend for all that is sent over a socket; at the end every trace of it can be shown."""
    with builtin() as found:
        yield found
        answer = ask(f"{found.query_url}/api/v2/traces?limit=1000&lookback=99999999999999&endTs=4102444800000")
        assert answer.status == 200
        for trace in answer.json[:50]:
            for path in (f"/trace/{trace[0]['traceId']}", f"/trace/{trace[0]['traceId']}/jaeger.json"):
                assert ask(found.query_url + path).status == 200
        for path in ("/?lookback=all", "/dependencies?lookback=all", "/metrics", "/live"):
            assert ask(found.query_url + path).status == 200


@pytest.mark.parametrize("form", [Form.ZIPKIN, Form.OTLP])
def test_spans_that_name_one_another_as_parents(form):
    """Cyclic parents, a span that is its own parent, and a parent that never came are taken, and make a trace."""
    ids = ["0000000000000001", "0000000000000002", "0000000000000003"]
    parents = [ids[1], ids[0], ids[2]]
    pairs = list(zip(ids, parents, strict=True))
    if form is Form.ZIPKIN:
        content = json.dumps([{"traceId": "a", "id": own, "parentId": parent} for own, parent in pairs]).encode()
        assert spans_of(zipkin_form.take(content)) == 3
    else:
        request = ExportTraceServiceRequest()
        scope = request.resource_spans.add().scope_spans.add()
        for own, parent in pairs:
            scope.spans.add(trace_id=b"a" * 16, span_id=bytes.fromhex(own), parent_span_id=bytes.fromhex(parent))
        assert spans_of(otlp_form.take(request.SerializeToString())) == 3


@pytest.mark.parametrize("size", [body.MOST_SENT + 1, 50 * 1024 * 1024])
def test_a_body_that_is_too_large(here, size):
    """50 MB are refused with 413 or by closing the connection, and nothing of them is kept."""
    before = ask(f"{here.query_url}/health").json["received"]
    with suppress(OSError):  # the answer may come while the rest is still on its way
        assert ask(here.zipkin_endpoint, body=b" " * size, content_type=JSON).status == 413
    assert ask(f"{here.query_url}/health").json["received"] == before


def test_a_bomb_of_many_members(here):
    """Gzip of thousands of members that together inflate beyond the limit is refused."""
    bomb = gzip.compress(b" " * 1_000_000) * 40
    answer = ask(here.zipkin_endpoint, body=bomb, content_type=JSON, content_encoding="gzip")
    assert answer.status == 413
    deflated = zlib.compress(b"[]")
    assert ask(here.zipkin_endpoint, body=deflated, content_type=JSON, content_encoding="gzip").status == 400


def test_half_of_a_surrogate_pair(here):
    """It is no Unicode, so that the body is no JSON: refused whole, in words."""
    for address in (here.zipkin_endpoint, f"{here.otlp_endpoint}/v1/traces"):
        answer = ask(address, body=b'[{"traceId": "\\ud800"}]', content_type=JSON)
        assert answer.status == 400
        assert "not" in answer.text
