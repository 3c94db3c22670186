"""Traces are found again, by Zipkin's API."""

from __future__ import annotations

import time

import pytest

from discovery import client
from discovery.errors import NotFound
from tests.backend.running import ask, builtin, post_json
from tests.discovery import forms


@pytest.fixture(scope="module")
def here():
    """A backend with the small trace, and a recent one of another service."""
    with builtin() as found:
        post_json(found.zipkin_endpoint, forms.zipkin())
        now = int(time.time() * 1e6)
        post_json(
            found.zipkin_endpoint,
            [
                {
                    "traceId": "ABC",
                    "id": "1",
                    "timestamp": now,
                    "duration": 5000,
                    "localEndpoint": {"serviceName": "Payment"},
                }
            ],
        )
        yield found


def test_services_by_name(here):
    """All services that sent a span are listed, sorted."""
    assert ask(f"{here.query_url}/api/v2/services").json == ["Payment", "order"]


@pytest.mark.parametrize("spelling", ["abc", "ABC", "0000000000000abc", "00000000000000000000000000000abc"])
def test_64_and_128_bit_ids_are_one(here, spelling):
    """A trace is found under its id in either case, padded to 64 or 128 bits or not at all."""
    [found] = ask(f"{here.query_url}/api/v2/trace/{spelling}").json
    assert found["traceId"] == "0000000000000abc"


def test_an_unknown_trace_is_a_404_in_words(here):
    """What is not here is said with the id that was asked for; through the client it is NotFound."""
    answer = ask(f"{here.query_url}/api/v2/trace/feed")
    assert answer.status == 404
    assert "There is no trace feed here" in answer.text
    with pytest.raises(NotFound, match="has no trace feed"):
        client.read(client.probe(here.query_url), "feed", wait=0.2)


@pytest.mark.parametrize(
    ("query", "services"),
    [
        ("", {"Payment"}),  # a day's lookback, as in Zipkin: the small trace is of 2023
        ("lookback=999999999999", {"Payment", "order"}),
        ("lookback=999999999999&limit=1", {"Payment"}),
        ("serviceName=payment", {"Payment"}),
        ("serviceName=order&lookback=999999999999", {"order"}),
        ("serviceName=nobody", set()),
        ("minDuration=5001", set()),
        ("minDuration=1&maxDuration=5000", {"Payment"}),
        ("endTs=1704067200000&lookback=999999999999", {"order"}),  # until 2024
    ],
)
def test_traces_by_what_is_asked(here, query, services):
    """Traces are searched by service in any case, limit, lookback and duration."""
    found = ask(f"{here.query_url}/api/v2/traces?{query}").json
    assert {each["localEndpoint"]["serviceName"] for trace in found for each in trace} == services


@pytest.mark.parametrize("query", ["limit=many", "limit=-1", "lookback=1e9", "minDuration=" + "9" * 30])
def test_a_query_that_is_no_number(here, query):
    """A number that is none is a 400 that names the parameter."""
    answer = ask(f"{here.query_url}/api/v2/traces?{query}")
    assert answer.status == 400
    assert query.partition("=")[0] in answer.text
