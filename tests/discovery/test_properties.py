"""What must hold of every analysis, whatever the trace: 10,000 are generated where CI is set, a fortieth elsewhere."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from discovery import document, jaeger, otlp, zipkin
from discovery.completeness import completeness
from discovery.critical_path import critical_path
from discovery.dependencies import dependencies
from discovery.diff import diff
from discovery.errors import Malformed
from discovery.origin import chain, origins
from discovery.remarks import remarks
from discovery.self_time import self_times
from discovery.skew import repaired
from discovery.trace import Kind, assemble
from tests.discovery.forms import FORMS
from tests.discovery.making import span

MANY = settings(
    max_examples=5_000 if os.environ.get("CI") else 125,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FEW = settings(MANY, max_examples=500 if os.environ.get("CI") else 25)
EPOCH = 1_700_000_000_000_000
TAGS = [{}, {"http.response.status_code": "402"}, {"url.full": "http://127.0.0.1:8082/a"}, {"service.instance.id": "2"}]


@st.composite
def heaps(draw, most=9):
    """Draw spans of one trace in a heap: cycles, lost parents, several roots or none, halves of calls, repeats."""
    ids = [str(number) for number in range(draw(st.integers(1, most)))]
    made = []
    for each in draw(st.lists(st.sampled_from(ids), min_size=1, max_size=most)):
        start = draw(st.sampled_from([0, EPOCH])) + draw(st.integers(0, 9_000))
        made.append(
            span(
                each,
                draw(st.sampled_from([None, "lost", *ids])),
                start,
                start + draw(st.sampled_from([0, 1, 50, 3_000, 8_000])),
                kind=draw(st.sampled_from(Kind)),
                service=draw(st.sampled_from(["gateway", "order"])),
                error=draw(st.booleans()),
                detached=draw(st.booleans()),
                shared=draw(st.booleans()),
                attributes=draw(st.sampled_from(TAGS)),
            )
        )
    return made


def parsed(text):
    """Read a text: its traces, or the sentence that says why there are none."""
    try:
        return document.parse(text)
    except Malformed as error:
        return str(error)


def analysed(spans):
    """Do to a heap of spans everything that is done to one trace."""
    trace = assemble(spans)
    right = repaired(trace)
    found = origins(trace)
    return {
        "spans": trace.spans,
        "critical path": critical_path(trace),
        "self times": self_times(trace),
        "dependencies": dependencies([trace]),
        "shifts": [(shift, str(shift)) for shift in right.shifts],
        "right": right.trace.spans,
        "origins": [(each, chain(each, trace)) for each in found],
        "completeness": completeness(trace),
        "remarks": list(remarks(trace)),
    }


@MANY
@given(heaps(), st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(spans, shuffle):
    """Spans in another order, some of them twice, give the same answer to every question."""
    again = spans + shuffle.sample(spans, len(spans) // 2)
    shuffle.shuffle(again)
    assert analysed(again) == analysed(spans)


@MANY
@given(heaps())
def test_every_analysis_keeps_within_its_bounds(spans):
    """The critical path lies in the root without overlap, self times in spans; repair moves and loses nothing."""
    trace = assemble(spans)
    moment = trace.root.end
    for section in critical_path(trace):
        assert trace.root.start <= section.start < section.end <= moment
        moment = section.start
    assert sum(each.end - each.start for each in critical_path(trace)) <= trace.root.duration
    times = self_times(trace)
    assert all(0 <= times[each.span_id] <= each.duration for each in trace.spans)
    right = repaired(trace)
    assert (right.trace is trace) == (not right.shifts)
    moved = {span_id: shift.microseconds for shift in right.shifts for span_id in shift.spans}
    assert all(moved.values())
    for each in right.trace.spans:
        assert each.start - trace.index[each.span_id].start == moved.get(each.span_id, 0)
        assert each.duration == trace.index[each.span_id].duration
    for origin in origins(trace):
        assert all(each.error for each in chain(origin, trace))
    assert bool(origins(trace)) == any(each.error for each in trace.spans)
    assert {each.span_id for lost in completeness(trace).lost for each in lost.orphans} <= trace.index.keys()


@FEW
@given(heaps(), heaps())
def test_any_two_traces_can_be_compared(one, other):
    """A comparison of any two traces ends, and speaks of every operation."""
    assert diff(assemble(one), assemble(other))


@FEW
@given(st.sampled_from(sorted(FORMS)), st.data())
def test_a_file_cut_anywhere(form, data):
    """A file that ends too early is refused in one sentence, or gives the spans that came whole."""
    text = FORMS[form]
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    read = parsed(cut)
    if isinstance(read, str):
        assert "\n" not in read
        assert read.endswith(".")
    else:
        assert read[0].spans


PLACES = {
    "Zipkin": ["id", "parentId", "timestamp", "duration", "name", "kind", "localEndpoint", "tags", "annotations"],
    "Jaeger UI": ["spanID", "startTime", "duration", "operationName", "references", "tags", "logs", "processID"],
    "OTLP": ["spanId", "startTimeUnixNano", "endTimeUnixNano", "name", "kind", "attributes", "events", "status"],
}
ODD = st.sampled_from([None, True, -5, 2**70, 1.5, "", "text", [], [1], [[]], {}, {"a": 1}, [{"key": 1, "value": 2}]])


@MANY
@given(st.data())
def test_any_value_in_any_field(data):
    """Whatever stands in a field: one sentence that names it, or an analysis."""
    form = data.draw(st.sampled_from(sorted(PLACES)))
    whole = json.loads(FORMS[form])
    spans = {
        "Zipkin": lambda: whole,
        "Jaeger UI": lambda: whole["data"][0]["spans"],
        "OTLP": lambda: whole["resourceSpans"][0]["scopeSpans"][0]["spans"],
    }[form]()
    spans[1][data.draw(st.sampled_from(PLACES[form]))] = data.draw(ODD)
    read = parsed(json.dumps(whole))
    if isinstance(read, str):
        assert "expected" in read or "every span needs one" in read
    else:
        assert all(analysed(trace.spans) for trace in read)


def _written(spans):
    """Spell spans in each form."""
    return {
        "Jaeger": json.dumps(jaeger.as_json(spans)),
        "OTLP": json.dumps(otlp.as_json(spans)),
        "Zipkin": json.dumps([zipkin.as_json(each) for each in spans]),
    }


@pytest.mark.parametrize("form", ["Jaeger", "OTLP", "Zipkin"])
def test_a_chain_deeper_than_pythons_stack(form):
    """Ten thousand spans, each the child of the one before, are read from each form and analysed."""
    number = 10_000
    chained = [
        span(
            f"{each + 1:016x}",
            f"{each:016x}" if each else None,
            EPOCH + each - (5_000_000 if each % 3 == 2 else 0),
            EPOCH + 2 * number - each,
            trace_id="1" * 32,
            kind=(Kind.CLIENT, Kind.SERVER)[each % 2],
            service=f"service {each // 2 % 5}",
            error=True,
        )
        for each in range(number)
    ]
    [trace] = document.parse(_written(chained)[form])
    assert len(analysed(trace.spans)["spans"]) == number


def test_a_ring_of_ten_thousand():
    """Ten thousand spans in a ring are a tree with the earliest as its root; each is there once."""
    ring = [span(str(each), str((each + 1) % 10_000), EPOCH, EPOCH + 10, error=True) for each in range(10_000)]
    found = analysed(ring)
    assert len(found["spans"]) == 10_000
    assert found["critical path"]


@pytest.mark.parametrize(
    "above", [lambda each: "0" if each else None, lambda _: "lost", str], ids=["wide", "lost", "own"]
)
def test_fifty_thousand_spans_of_one_parent(above):
    """Very many spans below one parent, there or lost, or each by itself, are analysed."""
    kinds = (Kind.CLIENT, Kind.SERVER, Kind.INTERNAL)
    spans = [
        span(str(each), above(each), EPOCH + each, EPOCH + 100_000, kind=kinds[each % 3], error=True)
        for each in range(50_000)
    ]
    assert len(analysed(spans)["spans"]) == 50_000


def test_the_place_of_what_is_wrong_in_a_long_list():
    """Far into a list of thousands, the span that is wrong is named by its number, and broken JSON by its line."""
    spans = [{"traceId": "1", "id": f"{each + 1:x}", "timestamp": 1} for each in range(3_000)]
    spans[2_345]["duration"] = -1
    assert "[2345].duration is -1" in parsed(json.dumps(spans))
    assert "is not JSON at line 1, column" in parsed(json.dumps(spans[:2_345])[:-9])
