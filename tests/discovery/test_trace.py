"""Whatever order and state the spans arrive in, the trace is the same."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.trace import Event, Kind, assemble, group
from tests.discovery.making import recorded, span, trace, tree
from tests.discovery.strategies import spans


@given(spans(), st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(drawn, shuffle):
    """Spans that come in another order, some of them twice, make the same trace."""
    again = drawn + shuffle.sample(drawn, len(drawn) // 2)
    shuffle.shuffle(again)
    assert tree(assemble(again)) == tree(assemble(drawn))


@given(spans())
def test_every_span_is_there_once_below_its_parent(drawn):
    """Each span appears once, after its parent, one level deeper."""
    made = assemble(drawn)
    depth = {each.span_id: level for each, level in made.walk()}
    assert sorted(depth) == sorted(each.span_id for each in drawn)
    for each in made.spans:
        expected = depth[each.parent_id] + 1 if each.parent_id in depth else 0
        assert depth[each.span_id] == expected


def test_two_reports_of_one_span_become_one():
    """Zipkin's senders may report the start first and the rest later: tags, events, duration and error are joined."""
    first = span("a", None, 5, 5, attributes={"one": 1}, events=(Event(5, "began"),))
    later = span("a", None, 5, 90, attributes={"two": 2}, error=True)
    [joined] = assemble([first, later]).spans
    assert (joined.start, joined.end, joined.error) == (5, 90, True)
    assert joined.attributes == {"one": 1, "two": 2}
    assert joined.events == (Event(5, "began"),)


def test_the_servers_half_of_a_shared_span_is_the_clients_child():
    """Client and server under one id: the server hangs below the client, and their children below the right half."""
    made = trace(
        span("a", None, 0, 100, service="web", kind=Kind.CLIENT),
        span("a", None, 10, 90, service="shop", kind=Kind.SERVER, shared=True),
        span("b", "a", 20, 30, service="shop"),
        span("c", "a", 1, 2, service="web"),
        span("d", "a", 40, 50, service="somebody"),
    )
    parents = {each.name: each.parent_id for each in made.spans if each.kind is Kind.INTERNAL}
    assert parents == {"op b": "a-server", "op c": "a", "op d": "a-server"}
    assert made.root.service == "web"
    assert [each.span_id for each in made.children["a"]] == ["c", "a-server"]


def test_a_lone_server_half_keeps_its_id():
    """Where the client never reported, the server's half is an ordinary span."""
    assert recorded("envoy").root.span_id == "978883983d506fa5"


def test_missing_parents_are_named():
    """Spans whose parent never came are roots, and the parents' ids are told once each."""
    made = trace(span("a", "lost", 5, 6), span("b", "lost", 7, 8), span("r", None, 9, 10))
    assert made.missing == ("lost",)
    assert [each.span_id for each in made.roots] == ["a", "b", "r"]
    assert made.root.span_id == "r"


@pytest.mark.parametrize("number", [1, 2, 3, 500])
def test_spans_that_are_one_anothers_parents(number):
    """A ring of spans becomes a tree whose root is the earliest; nothing is lost and nothing hangs."""
    ring = [span(str(index), str((index - 1) % number), index, index + 10) for index in range(number)]
    random.Random(7).shuffle(ring)
    made = trace(*ring)
    assert len(made.spans) == number
    assert [each.span_id for each in made.roots] == ["0"]


def test_many_spans_that_are_their_own_parents():
    """Two thousand spans that name themselves as parents are two thousand roots."""
    assert len(trace(*(span(str(index), str(index)) for index in range(2000))).roots) == 2000


def test_a_span_without_times_stands_at_the_traces_start():
    """A Zipkin span may come without a timestamp; it does not stretch the trace back to 1970."""
    made = trace(span("a", None, 1_600_000_000_000_000, 1_600_000_000_000_100), span("b", "a", 0, 0))
    assert made.duration == 100


def test_traces_of_a_heap_are_told_apart():
    """Spans of two traces make two traces, whatever their order."""
    heap = [span("a", trace_id="1"), span("x", trace_id="2"), span("b", "a", trace_id="1")]
    assert [(made.trace_id, len(made.spans)) for made in group(heap)] == [("1", 2), ("2", 1)]


def test_no_span_is_no_trace():
    """A trace has at least one span."""
    with pytest.raises(ValueError, match="at least one span"):
        assemble([])
