"""Errors are traced to the span in which they began, through callers, retries and what was swallowed."""

from __future__ import annotations

import json

import pytest

from discovery import document
from discovery.origin import chain, origins
from discovery.trace import Kind
from tests.discovery.making import span, trace
from tests.discovery.test_skew import _span as timed


def _call(span_id, parent_id, start, end, **more):
    more = {"kind": Kind.CLIENT, "service": "order", "name": "POST"} | more
    return timed(span_id, parent_id, start, end, **more)


def _told(made):
    return [(each.span.span_id, each.top.span_id, each.explains, each.retried) for each in origins(made)]


def test_nothing_red_has_no_origin():
    """A healthy trace has no origin of errors."""
    assert origins(trace(span("a"), span("b", "a"))) == ()


def test_the_deepest_red_span_explains_those_above():
    """A red database query makes red what waits for it, up to the root; the chain leads from it to there."""
    made = trace(
        span("root", None, 0, 100, error=True),
        span("call", "root", 10, 90, error=True),
        span("query", "call", 20, 80, error=True),
        span("other", "call", 80, 85),
    )
    [origin] = origins(made)
    assert _told(made) == [("query", "root", True, False)]
    assert [each.span_id for each in chain(origin, made)] == ["query", "call", "root"]


def test_a_swallowed_error_explains_nothing():
    """An error that its caller passed over does not reach the root, and its top is where it ended."""
    made = trace(
        span("root", None, 0, 100), span("call", "root", 10, 90, error=True), span("query", "call", 20, 80, error=True)
    )
    assert _told(made) == [("query", "call", False, False)]


def test_an_error_that_was_tried_again_with_success():
    """The first try is red, the second is not: retried, and whoever tried is not red because of it."""
    made = trace(
        timed("root", None, 0, 100, "order", kind=Kind.SERVER),
        _call("one", "root", 0, 40, error=True, attributes={"url.full": "http://127.0.0.1:8082/payments?a=1"}),
        timed("answer", "one", 5, 35, "payment", kind=Kind.SERVER, error=True),
        _call("two", "root", 50, 90, attributes={"url.full": "http://127.0.0.1:8182/payments"}),
    )
    assert _told(made) == [("answer", "one", False, True)]


def test_what_went_wrong_after_a_retry_began_by_itself():
    """A red root whose one red call was tried again with success is an origin of its own, and comes first."""
    made = trace(
        timed("root", None, 0, 100, "order", kind=Kind.SERVER, error=True),
        _call("one", "root", 0, 40, error=True),
        _call("two", "root", 50, 90),
    )
    assert _told(made) == [("root", "root", True, False), ("one", "one", False, True)]


@pytest.mark.parametrize(
    "other",
    [
        {"name": "GET"},
        {"service": "gateway"},
        {"attributes": {"http.url": "http://127.0.0.1/other"}},
        {"attributes": {"db.query.text": "SELECT 1"}},
        {"error": True},
    ],
)
def test_another_operation_is_no_retry(other):
    """A later sibling that does something else, or fails as well, undoes nothing."""
    made = trace(
        timed("root", None, 0, 100, "order", error=True),
        _call("one", "root", 0, 40, error=True),
        _call("two", "root", 50, 90, **other),
    )
    assert _told(made)[0] == ("one", "root", True, False)


def test_a_sibling_at_the_same_time_is_no_retry():
    """Two calls side by side, of which one succeeds, are not a first and a second try."""
    made = trace(
        timed("root", None, 0, 100, "order", error=True),
        _call("one", "root", 0, 40, error=True),
        _call("two", "root", 10, 90),
    )
    assert _told(made) == [("one", "root", True, False)]


def test_declined_is_business_where_there_is_an_error():
    """A call answered with a 4xx by a server that is not red is no origin: what made an error of it is."""
    declined = _call("declined", "root", 10, 40, error=True, attributes={"http.response.status_code": "402"})
    answer = timed("answer", "declined", 15, 35, "payment", kind=Kind.SERVER)
    red = timed("root", None, 0, 100, "order", kind=Kind.SERVER, error=True)
    assert _told(trace(red, declined, answer)) == [("root", "root", True, False)]


def test_declined_is_told_where_nothing_else_is_red():
    """Where a 4xx is all there is, it is where the red began."""
    declined = _call("declined", "root", 10, 40, error=True, attributes={"http.status_code": 404})
    answer = timed("answer", "declined", 15, 35, "payment", kind=Kind.SERVER)
    fine = timed("root", None, 0, 100, "order", kind=Kind.SERVER)
    assert _told(trace(fine, declined, answer)) == [("declined", "declined", False, False)]


def test_a_call_that_gave_up_began_the_error():
    """What failed after its caller had given up did not make that red; both are origins, the caller's first."""
    made = trace(
        timed("root", None, 0, 1_000_000, "order", kind=Kind.SERVER, error=True),
        _call("call", "root", 0, 900_000, error=True),
        timed("answer", "call", 10, 2_000_000, "payment", kind=Kind.SERVER, error=True),
    )
    assert _told(made) == [("call", "root", True, False), ("answer", "answer", False, False)]


def test_an_answer_may_end_a_little_after_its_call():
    """Where the caller tells of a status it was answered, though the answer's span ended later."""
    made = trace(
        _call("call", None, 0, 900_000, error=True, attributes={"http.response.status_code": 503}),
        timed("answer", "call", 10, 2_000_000, "payment", kind=Kind.SERVER, error=True),
    )
    assert _told(made) == [("answer", "call", True, False)]


def test_nobody_turns_red_for_what_is_not_waited_for():
    """A detached child that fails is an origin by itself and does not explain a red parent."""
    made = trace(span("root", None, 0, 100, error=True), span("later", "root", 10, 20, error=True, detached=True))
    assert _told(made) == [("root", "root", True, False), ("later", "later", False, False)]


def test_what_explains_the_root_comes_first():
    """Of several origins those that reached the root come first, the earliest of them before its consequences."""
    made = trace(
        span("root", None, 0, 100, error=True),
        span("void", "root", 60, 90, error=True),
        span("reserve", "root", 20, 50, error=True),
        span("cache", "root", 1, 9),
        span("miss", "cache", 2, 3, error=True),
    )
    assert [each.span.span_id for each in origins(made)] == ["reserve", "void", "miss"]


def test_zipkins_empty_error():
    """In Zipkin's form the mere presence of `error` makes a span red."""
    spans = [
        {"traceId": "1", "id": "a", "timestamp": 1, "duration": 9, "tags": {"error": ""}},
        {"traceId": "1", "id": "b", "parentId": "a", "timestamp": 2, "duration": 5, "tags": {"error": ""}},
        {"traceId": "1", "id": "c", "parentId": "b", "timestamp": 3, "duration": 1, "tags": {"error": "false"}},
    ]
    [made] = document.parse(json.dumps(spans))
    assert _told(made) == [("b", "a", True, False)]


def test_what_is_no_address_and_no_status_does_no_harm():
    """Tags that should hold an address or a status may hold anything."""
    odd = {"url.full": "http://[", "http.response.status_code": "many", "http.status_code": 9}
    made = trace(
        timed("root", None, 0, 9, "order", error=True), _call("call", "root", 1, 2, error=True, attributes=odd)
    )
    assert _told(made) == [("call", "root", True, False)]
