"""What is written in another tool's form and read back is the same trace."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from discovery import document, jaeger, otlp, zipkin
from discovery.trace import Event, Kind, SpanLink, assemble
from tests.discovery import forms
from tests.discovery.making import RECORDED, span, tree
from tests.discovery.strategies import spans

WRITERS = {
    "Zipkin": lambda found: [zipkin.as_json(each) for each in found],
    "Jaeger": jaeger.as_json,
    "OTLP": otlp.as_json,
}
FULL = span(
    "b",
    "a",
    10,
    60,
    kind=Kind.CLIENT,
    error=True,
    message="out of stock",
    remote="inventory",
    scope="http 1.2",
    attributes={"peer.service": "inventory", "retried": False, "tries": 2**62, "share": 0.5, "urls": ["a", {"b": 1}]},
    resource={"service.name": "shop", "host.name": "결제"},
    events=(Event(50, "exception", {"exception.type": "Refused"}), Event(55, "done")),
    links=(SpanLink("other", "9", {"why": "batch"}),),
)


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("form", forms.FORMS)
def test_a_trace_of_any_form_survives_any_form(form, write):
    """The small trace read from one form and written in another has the same tree, reason, event and tags."""
    [read] = document.parse(forms.FORMS[form])
    [again] = document.parse(json.dumps(write(read.spans)))
    assert tree(again) == tree(read)
    for one, other in zip(read.spans, again.spans, strict=True):
        assert (other.trace_id, other.span_id, other.message, other.events) == (
            one.trace_id,
            one.span_id,
            one.message,
            one.events,
        )
        assert one.attributes.keys() <= other.attributes.keys()


@pytest.mark.parametrize("write", [jaeger.as_json, otlp.as_json])
@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_recorded_traces_survive(file, write):
    """Real Zipkin traces, shared span ids among them, keep their trees and times."""
    [read] = document.load(str(file))
    sent = zipkin.spans(json.loads(file.read_text("utf-8")))
    [again] = document.parse(json.dumps(write(sent)))
    assert tree(again) == tree(read)


def test_otlp_loses_nothing_of_its_own():
    """A span with everything that OTLP can say is equal after writing and reading, types of values included."""
    parent = span("a", resource={"service.name": "shop"})
    assert otlp.spans(json.loads(json.dumps(otlp.as_json([parent, FULL])))) == [parent, FULL]


def test_jaeger_keeps_what_it_has_tags_for():
    """Through Jaeger's form types of values, events and links stay; lists become JSON and scope and status tags."""
    [again] = jaeger.spans(json.loads(json.dumps(jaeger.as_json([FULL]))))
    assert again.attributes == {
        "span.kind": "client",
        "error": True,
        "otel.status_code": "ERROR",
        "otel.status_description": "out of stock",
        "otel.scope.name": "http",
        "otel.scope.version": "1.2",
        **FULL.attributes,
        "urls": '["a", {"b": 1}]',
    }
    assert (again.events, again.resource, again.remote) == (FULL.events, FULL.resource, "inventory")
    assert again.links == (SpanLink("other", "9"),)


def test_what_jaeger_reads_back_it_writes_again():
    """Once in Jaeger's form, a trace is written the same however often."""
    once = jaeger.as_json([FULL])
    assert jaeger.as_json(jaeger.spans(json.loads(json.dumps(once)))) == once


def test_a_root_that_links_into_its_own_trace_stays_a_root():
    """Jaeger takes a span's first reference for its parent, so that a root's link to its own trace must not be one."""
    root = span("a", links=(SpanLink("t", "b"),))
    [again] = jaeger.spans(jaeger.as_json([root]))
    assert again.parent_id is None


@pytest.mark.parametrize("write", [jaeger.as_json, otlp.as_json])
@given(made=spans())
@settings(max_examples=40)
def test_any_tree_survives(write, made):
    """Whatever the tree, its times, missing parents and parents that did not wait are the same afterwards."""
    made = [_numbered_from_one(each) for each in made]
    [again] = document.parse(json.dumps(write(made)))
    assert tree(again) == tree(assemble(made))
    assert {each.span_id: each.detached for each in again.spans} == {each.span_id: each.detached for each in made}


def _numbered_from_one(each):
    """Keep clear of the id 0, which is none in OTLP."""
    return replace(each, span_id=f"1{each.span_id}", parent_id=each.parent_id and f"1{each.parent_id}")
