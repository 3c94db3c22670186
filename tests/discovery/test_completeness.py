"""What never arrived is named, as far as a trace tells."""

from __future__ import annotations

from discovery.completeness import completeness
from discovery.trace import Kind
from tests.discovery.making import recorded, span, trace


def test_a_whole_trace():
    """One beginning and every parent there: nothing is missing."""
    found = completeness(trace(span("a"), span("b", "a")))
    assert found.whole
    assert (found.lost, found.holes, [each.span_id for each in found.firsts]) == ((), (), ["a"])


def test_an_orphan_names_the_service_that_lost_a_span():
    """What is no answer lost a span of its own service; an answer lost a call of nobody knows whom."""
    found = completeness(
        trace(
            span("root"),
            span("query", "lost", service="order", kind=Kind.CLIENT),
            span("answer", "gone", 5, service="payment", kind=Kind.SERVER),
        )
    )
    assert [(each.span_id, each.service, len(each.orphans)) for each in found.lost] == [
        ("lost", "order", 1), ("gone", "", 1),
    ]  # fmt: skip
    assert not found.whole


def test_several_orphans_of_one_parent():
    """Orphans of one parent lost one span; what one of them tells holds for all."""
    [lost] = completeness(
        trace(
            span("answer", "lost", 1, service="payment", kind=Kind.SERVER),
            span("query", "lost", 2, service="order"),
        )
    ).lost
    assert (lost.service, [each.span_id for each in lost.orphans]) == ("order", ["answer", "query"])


def test_no_first_span_and_several():
    """The spans that say that they are the first are told, be they none or several."""
    assert completeness(trace(span("a", "lost"))).firsts == ()
    several = completeness(trace(span("a"), span("b", None, 1)))
    assert [each.span_id for each in several.firsts] == ["a", "b"]
    assert not several.whole


def _call(span_id, port, **more):
    return span(
        span_id, "root", kind=Kind.CLIENT, attributes={"url.full": f"http://127.0.0.1:{port}/{span_id}"}, **more
    )


def test_an_answer_that_another_call_to_the_same_place_has():
    """Of two calls to one place one has its answer's span: the other's was lost, and whose it was is known."""
    made = trace(
        span("root"),
        _call("authorise", 8082),
        span("payment", "authorise", service="payment", kind=Kind.SERVER),
        _call("capture", 8082),
        _call("issuer", 8084),
    )
    [hole] = completeness(made).holes
    assert (hole.call.span_id, hole.service) == ("capture", "payment")


def test_a_call_that_failed_before_it_was_answered_is_no_hole():
    """A red call without a status may never have reached anybody."""
    answered = (_call("one", 1), span("answer", "one", service="payment", kind=Kind.SERVER))
    assert completeness(trace(span("root"), *answered, _call("two", 1, error=True))).holes == ()


def test_places_by_other_names():
    """A place is named by host and port, or by the other side's name, where there is no address; else it is none."""
    for said in ({"attributes": {"server.address": "payment", "server.port": 80}}, {"remote": "payment"}, {}):
        made = trace(
            span("root"),
            span("one", "root", kind=Kind.CLIENT, **said),
            span("answer", "one", service="payment", kind=Kind.SERVER),
            span("two", "root", kind=Kind.CLIENT, **said),
        )
        assert len(completeness(made).holes) == bool(said)


def test_recorded_traces_with_lost_parents():
    """In Zipkin's own examples, the lost parents are those that the trace names as missing."""
    for name in ("messaging2", "envoy", "skew"):
        made = recorded(name)
        assert tuple(each.span_id for each in completeness(made).lost) == made.missing
