"""The layered layout: callers above, no two boxes over one another, cycles and odd graphs drawn all the same."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pages.layout import layered

NAMES = st.integers(0, 12).map(str)


def test_callers_stand_above_whom_they_call():
    """In a graph without cycles each edge leads downwards, and a long one passes the layers between."""
    layout = layered([("a", "b"), ("b", "c"), ("a", "c")])
    assert [layout.nodes[name].layer for name in "abc"] == [0, 1, 2]
    assert [point.layer for point in layout.routes["a", "c"]] == [0, 1, 2]
    assert layout.routes["a", "c"][1].column != layout.nodes["b"].column
    assert layout.layers == 3


def test_a_caller_stands_over_the_middle_of_those_it_calls():
    """A tree is drawn evenly."""
    layout = layered([("a", "b"), ("a", "c"), ("a", "d")])
    assert [layout.nodes[name].column for name in "abcd"] == pytest.approx([1.5, 0.5, 1.5, 2.5])
    assert layout.columns == pytest.approx(3)


def test_a_cycle_has_an_edge_that_leads_up():
    """Where two call one another the one that others call first stands above, and both edges are drawn."""
    layout = layered([("web", "b"), ("b", "a"), ("a", "b")])
    assert [layout.nodes[name].layer for name in ("web", "b", "a")] == [0, 1, 2]
    assert [point.layer for point in layout.routes["a", "b"]] == [2, 1]


def test_a_call_of_itself_has_no_route():
    """A service that calls itself only stands alone; without any edge there is nothing."""
    assert layered([("a", "a")]).routes == {}
    assert layered([("a", "a")]).columns == 1
    assert layered([]).layers == 0


@given(st.lists(st.tuples(NAMES, NAMES), max_size=40))
def test_any_graph_is_drawn(edges):
    """Every node has its own place inside the drawing, every edge a route from its source to its target."""
    layout = layered(edges)
    assert layout.nodes.keys() == {name for edge in edges for name in edge}
    assert layout.routes.keys() == {edge for edge in edges if edge[0] != edge[1]}
    for (source, target), route in layout.routes.items():
        assert (route[0], route[-1]) == (layout.nodes[source], layout.nodes[target])
        assert all(abs(one.layer - other.layer) == 1 for one, other in pairwise(route))
    for layer in range(layout.layers):
        columns = sorted(point.column for point in layout.nodes.values() if point.layer == layer)
        assert all(other - one > 0.999 for one, other in pairwise(columns))
        assert all(0.499 < column < layout.columns - 0.499 for column in columns)
    assert layered(reversed(edges)) == layout
