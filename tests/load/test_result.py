"""Numbers made of a run's requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from load import report
from load.result import (
    LATENESS_BOUND,
    Outcome,
    Request,
    Result,
    Spans,
    Stretch,
    counts,
    failed,
    percentile,
    slowest,
)
from load.review import review
from load.scenario import Phase, Scenario
from load.schedule import Arrival, Plan

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ONLY = Phase(name="only", duration="10s", rate=10)


def result(requests, ended=0, delivered=0):
    """A run of one phase of 10 s with these requests."""
    stretch = Stretch("only", START, START + timedelta(seconds=10))
    plan = Plan(1, (ONLY,), ())
    return Result("run", "http://shop", plan, (stretch,), tuple(requests), False, True, Spans(ended, delivered))


def request(number, outcome=Outcome.OK, route="GET /products", **measured):
    """A request of that number."""
    return Request(Arrival(number, 0, number, route, None), outcome, **measured)


def reviewed(requests, thresholds=(), **spans):
    """The same run, counted and judged."""
    scenario = Scenario(phase=(ONLY,), thresholds=thresholds)
    return review("mine", scenario, result(requests, **spans))


@pytest.mark.parametrize(("percent", "expected"), [(50, 50.0), (90, 90.0), (99, 99.0), (100, 100.0), (0, 1.0)])
def test_percentiles(percent, expected):
    """Percentiles are exact, by nearest rank: of 1 to 100 the 90th is 90."""
    assert percentile([float(value) for value in range(100, 0, -1)], percent) == expected
    assert percentile([], percent) is None
    assert percentile([7.0], percent) == 7.0


@pytest.mark.parametrize(("late", "valid"), [(LATENESS_BOUND, True), (LATENESS_BOUND + 1, False)])
def test_validity(late, valid):
    """A run is valid while the generator's lateness at p99 is within its bound; one straggler in 100 is forgiven."""
    punctual = [request(number, late=0.1) for number in range(98)]
    assert result([*punctual, request(98, late=late), request(99, late=5_000.0)]).valid is valid
    assert result([]).valid


def test_slowest_and_failed():
    """The slowest are those with the longest latency, the failed the earliest, and only those that have a trace."""
    requests = [
        request(0, latency=900.0),
        request(1, latency=10.0, trace_id="a"),
        request(2, latency=30.0, trace_id="b"),
        request(3, Outcome.ERROR, latency=20.0, trace_id="c", error="503"),
        request(4, Outcome.ERROR, latency=1.0, trace_id="d", error="500"),
        request(5, Outcome.DROPPED),
    ]
    assert [each.trace_id for each in slowest(requests, 2)] == ["b", "c"]
    assert [each.trace_id for each in failed(requests, 9)] == ["c", "d"]
    assert counts(requests) == {
        "sent": 5, "ok": 3, "expected": 0, "error": 2, "dropped": 1, "unfinished": 0,
    }  # fmt: skip


def test_lost_spans_are_told():
    """Spans that no backend took are counted in the report; where all arrived there is no such line."""
    assert "3 of the client's 9 spans were lost" in report.text(reviewed([], ended=9, delivered=6))
    assert "lost" not in report.text(reviewed([], ended=9, delivered=9))
