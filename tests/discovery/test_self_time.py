"""Self times are those of Jaeger's UI."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from discovery.self_time import self_times
from tests.discovery.making import FIXTURES, span, trace
from tests.discovery.strategies import traces

CASES = json.loads((FIXTURES / "jaeger-ui-self-time.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_equals_jaegers_ui(case):
    """Each of Jaeger's own cases gives the self time that its UI expects."""
    parent, children = case["parent"], case["children"]
    spans = [span("p", None, parent["start"], parent["start"] + parent["duration"])]
    spans += [span(str(n), "p", each["start"], each["start"] + each["duration"]) for n, each in enumerate(children)]
    assert self_times(trace(*spans))["p"] == case["expectedSelfTime"]


@given(traces())
def test_lies_between_nothing_and_the_duration(drawn):
    """Whatever the trace: no self time is negative or longer than the span, and a leaf's is all of it."""
    own = self_times(drawn)
    for each in drawn.spans:
        assert 0 <= own[each.span_id] <= each.duration
        if not drawn.children[each.span_id]:
            assert own[each.span_id] == each.duration


def test_a_child_that_nobody_waits_for_takes_nothing():
    """The parent works on beside a detached child."""
    assert self_times(trace(span("p"), span("c", "p", 10, 90, detached=True)))["p"] == 100
