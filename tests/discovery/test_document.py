"""Every form of file is told by its content, and what is none is refused in one sentence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery import document
from discovery.errors import Malformed
from discovery.trace import Kind
from tests.discovery import forms
from tests.discovery.making import RECORDED, tree

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    [
        "data",
        "spans",
        "result",
        "resourceSpans",
        "scopeSpans",
        "traceId",
        "id",
        "spanId",
        "parentId",
        "tags",
        "attributes",
        "key",
        "value",
        "events",
        "timestamp",
        "localEndpoint",
        "serviceName",
        "annotations",
        "processes",
        "references",
        "startTime",
        "startTimeUnixNano",
        "status",
        "kind",
        "duration",
    ]
)
NEARLY_TRACES = st.recursive(
    JSON, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=5), max_leaves=20
)


@pytest.mark.parametrize("form", forms.FORMS)
def test_all_forms_give_the_same_trace(form):
    """Whatever its form, the small trace has the same tree, kinds, times, error, its reason and its event."""
    [found] = document.parse(forms.FORMS[form])
    [measure] = document.parse(forms.FORMS["OTLP"])
    assert tree(found) == tree(measure)
    assert found.trace_id == forms.TRACE_ID
    server, client = found.spans
    assert (server.kind, client.kind, client.parent_id) == (Kind.SERVER, Kind.CLIENT, server.span_id)
    assert (server.start, server.duration, server.error) == (forms.START, 100, False)
    assert (client.error, client.message) == (True, "out of stock")
    [event] = client.events
    assert (event.time, event.name) == (forms.START + 50, "exception")
    assert event.attributes == {"exception.type": "Refused"}


def test_attributes_keep_their_types():
    """OTLP's numbers, truths and lists arrive as such."""
    [found] = document.parse(forms.FORMS["OTLP"])
    assert found.spans[1].attributes == {"http.response.status_code": 503, "retried": False, "urls": ["a", "b"]}


def test_nanoseconds_are_floored_at_both_ends():
    """A child that lay inside its parent by nanoseconds still does in microseconds."""
    spelled = forms.otlp()
    parent, child = spelled["resourceSpans"][0]["scopeSpans"][0]["spans"]
    parent |= {"startTimeUnixNano": "1999", "endTimeUnixNano": "7001"}
    child |= {"startTimeUnixNano": "2000", "endTimeUnixNano": "7001"}
    [found] = document.parse(json.dumps(spelled))
    assert [(span.start, span.end) for span in found.spans] == [(1, 7), (2, 7)]


@pytest.mark.parametrize(
    ("tags", "red"),
    [
        ({"error": ""}, True),
        ({"error": "boom"}, True),
        ({"error": "true"}, True),
        ({"error": "false"}, False),
        ({"otel.status_code": "ERROR"}, True),
        ({"otel.status_code": "OK"}, False),
        ({"http.status_code": "404"}, False),
        ({}, False),
    ],
)
def test_zipkins_error_tag(tags, red):
    """The presence of `error` makes a span red, be it empty; a status of 4xx alone does not."""
    [found] = document.parse(json.dumps([{**forms.zipkin()[0], "tags": tags}]))
    assert found.root.error is red


def test_a_kind_that_is_absent_is_internal():
    """Zipkin knows no internal kind: it leaves the field out."""
    [found] = document.parse(json.dumps([{"traceId": "1", "id": "2", "name": "work"}]))
    assert found.root.kind is Kind.INTERNAL


def test_follows_from_is_detached():
    """Jaeger's FOLLOWS_FROM is a parent that did not wait."""
    spelled = forms.jaeger_ui()
    spelled["data"][0]["spans"][1]["references"][0]["refType"] = "FOLLOWS_FROM"
    [found] = document.parse(json.dumps(spelled))
    assert [span.detached for span in found.spans] == [False, True]


def test_ids_in_files_are_opaque():
    """Ids are kept as written, upper case and words included."""
    [found] = document.parse(
        json.dumps([{"traceId": "My Trace", "id": "ROOT"}, {"traceId": "My Trace", "id": "b", "parentId": "ROOT"}])
    )
    assert found.trace_id == "My Trace"
    assert [(span.span_id, span.parent_id) for span in found.spans] == [("ROOT", None), ("b", "ROOT")]


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_recorded_traces_are_whole(file):
    """Every recorded Zipkin trace is one trace with as many spans as the file has."""
    [found] = document.load(str(file))
    assert len(found.spans) == len(json.loads(file.read_text("utf-8")))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "holds no span"),
        ("[]", "holds no span"),
        ('{"data": []}', "holds no span"),
        ("not json", "is not JSON at line 1, column 1"),
        ('{"data": [', "is not JSON at line 1, column 11"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        ("42", "is JSON, but no trace"),
        ('{"hello": 1}', "is JSON, but no trace"),
        ("[" * 100_000, "is nested too deeply"),
        ('[{"traceId": "1", "id": "2"}, 3]', "[1] is 3; expected an object"),
        ('[{"traceId": "1"}]', "[0] has no id"),
        ('[{"traceId": "1", "id": "2", "timestamp": "soon"}]', "[0].timestamp is 'soon'; expected a whole number"),
        ('[{"traceId": "1", "id": "2", "duration": -1}]', "[0].duration is -1"),
        ('[{"traceId": "1", "id": "2", "binaryAnnotations": []}]', "Zipkin's v1 form; expected v2"),
        ('{"data": [{"traceID": "1", "spans": [{}]}]}', "data[0].spans[0] has no spanID"),
        ('{"resourceSpans": [{"scopeSpans": [{"spans": [{"spanId": "1"}]}]}]}', "spans[0] has no traceId"),
        ('{"resourceSpans": 5}', "resourceSpans is 5; expected a list"),
    ],
)
def test_what_is_no_trace_is_refused_in_one_sentence(content, sentence):
    """Bad input is a Malformed whose text says what, where and what was expected, on one line."""
    with pytest.raises(Malformed) as refused:
        document.parse(content)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 2


@given(JSON | NEARLY_TRACES)
def test_no_json_makes_a_reader_fail_otherwise(value):
    """Any JSON at all is either read or refused."""
    try:
        assert document.parse(json.dumps(value))
    except Malformed as refused:
        assert str(refused)  # noqa: PT017 - both outcomes are right


def test_a_file_that_cannot_be_read_is_named():
    """A missing file is an error for a person, with the file's name."""
    with pytest.raises(Malformed, match=r"^nowhere\.json: cannot be read \(No such file or directory\)"):
        document.load("nowhere.json")
