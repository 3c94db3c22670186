"""Thresholds: how they are written, what they measure, and what a run's end says of them."""

from __future__ import annotations

import pytest

from load import report, threshold
from load.result import Outcome
from load.scenario import ROUTES
from tests.load.test_result import request, reviewed

REQUESTS = [
    *(request(number, latency=float(number + 1), service=0.5, late=0.1) for number in range(96)),
    request(96, Outcome.ERROR, latency=5_000.0, late=0.1, error="503", route="POST /orders"),
    request(97, Outcome.EXPECTED, latency=7.0, late=0.1, route="POST /orders"),
    request(98, Outcome.UNFINISHED, late=0.1, route="POST /orders"),
    request(99, Outcome.ERROR, latency=8.0, late=0.1, error="timeout", route="POST /orders"),
    request(100, Outcome.DROPPED),
]


@pytest.mark.parametrize(
    ("text", "route", "bound", "unit"),
    [
        ("p99 < 300ms", None, 300.0, "ms"),
        ("p99.9<=1.5s", None, 1_500.0, "ms"),
        ("  max > 2m ", None, 120_000.0, "ms"),
        ("POST /orders: error_rate < 0.5%", "POST /orders", 0.5, "%"),
        ("GET /orders/{id}: rate >= 9.5/s", "GET /orders/{id}", 9.5, "/s"),
        ("dropped <= 0", None, 0.0, ""),
    ],
)
def test_spelling(text, route, bound, unit):
    """A threshold is written as a person says it, spaces or not, with the unit of what it measures."""
    read = threshold.parse(text, ROUTES)
    assert (read.route, read.bound, read.unit) == (route, bound, unit)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "such as p99 < 300ms"),
        ("p99 = 300ms", "such as p99 < 300ms"),
        ("p99 < 300ms and p50 < 3ms", "such as p99 < 300ms"),
        ("p42 < 300ms", "there are: p50, p90, p95, p99, p99.9, max, error_rate, rate, dropped"),
        ("POST /pizza: p99 < 300ms", "there are: POST /orders, GET /orders/{id}, GET /products"),
        ("p99 < 300", "a duration such as 300ms after <"),
        ("error_rate < 0.01", "a share such as 1% after <"),
        ("rate >= 9ms", "a pace such as 9.5/s after >="),
        ("dropped < 1%", "a count after <"),
        ("dropped < ٣", "a count after <"),
    ],
)
def test_nonsense(text, expected):
    """A threshold that cannot be measured is refused with what was expected."""
    with pytest.raises(ValueError, match=r".") as caught:
        threshold.parse(text, ROUTES)
    assert repr(text) in str(caught.value)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("text", "measured"),
    [
        ("p50 < 1s", 48.0),
        ("max < 1s", 5_000.0),
        ("GET /products: max < 1s", 96.0),
        ("error_rate < 1%", 3.0),  # two errors and one that was never answered, of a hundred sent
        ("POST /orders: error_rate < 1%", 75.0),
        ("rate > 1/s", 10.0),
        ("GET /products: rate > 1/s", 9.6),
        ("dropped < 1", 1.0),
        ("GET /orders/{id}: p99 < 1s", None),
        ("GET /orders/{id}: error_rate < 1%", None),
        ("GET /orders/{id}: dropped < 1", 0.0),
    ],
)
def test_measures(text, measured):
    """Each measures what its name says, of the requests that it is about; where there were none, nothing."""
    (judged,) = reviewed(REQUESTS, [text]).judgements
    assert judged.measured == (None if measured is None else pytest.approx(measured))


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("max < 5s", False),
        ("max <= 5s", True),
        ("max > 5s", False),
        ("max >= 5s", True),
        ("GET /orders/{id}: p99 < 1s", False),  # nothing measured proves nothing
    ],
)
def test_passing(text, passed):
    """The bound itself counts only with an equals sign; a failed threshold makes the command fail."""
    run = reviewed(REQUESTS, [text])
    assert run.judgements[0].passed is passed
    assert run.exit_code == (0 if passed else 1)


def test_report_names_what_failed():
    """The report has each threshold with its measured value and what it is about."""
    text = report.text(reviewed(REQUESTS, ["p50 < 1s", "POST /orders: error_rate < 1%"]))
    assert "  ok     p50 < 1s                   48ms  whole run\n" in text
    assert "  FAILED error_rate < 1%             75%  whole run, POST /orders\n" in text


def test_an_invalid_run_judges_nothing():
    """Where the generator was late, the exit code says so whatever the thresholds say."""
    late = [request(number, latency=1.0, late=500.0) for number in range(9)]
    assert reviewed(late, ["max < 1s"]).exit_code == 3
    assert reviewed(late, ["max > 1s"]).exit_code == 3
