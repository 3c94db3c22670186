"""Who calls whom, by Zipkin's rules."""

from __future__ import annotations

import argparse
import json

from discovery import dependencies_command as module
from discovery.dependencies import Link, dependencies
from discovery.trace import Kind
from tests.discovery.making import FIXTURES, recorded, span, trace


def test_a_call_counts_once_and_fails_once():
    """Client and server span are one call, red when either is; the server's own name counts."""
    made = trace(
        span("1", service="gateway", kind=Kind.SERVER),
        span("2", "1", service="gateway", kind=Kind.CLIENT, remote="10.0.0.7", error=True),
        span("3", "2", service="order", kind=Kind.SERVER),
        span("4", "3", service="order"),
        span("5", "4", service="order", kind=Kind.CLIENT, remote="database"),
    )
    assert dependencies([made, made]) == [Link("gateway", "order", 2, 2), Link("order", "database", 2, 0)]


def test_an_unknown_caller_is_not_counted():
    """A trace that begins at a server has nobody in front of it."""
    assert dependencies([trace(span("1", service="gateway", kind=Kind.SERVER))]) == []


def test_messages_go_by_way_of_their_broker():
    """A producer and a consumer are a call to and from the broker each."""
    assert dependencies([recorded("messaging")]) == [
        Link("frontend", "rabbitmq", 1, 0),
        Link("rabbitmq", "backend", 1, 0),
    ]


def test_the_command_prints_the_contracts_keys(capsys):
    """--json prints a list of objects with parent, child, callCount and errorCount."""
    parser = argparse.ArgumentParser()
    module.arguments(parser)
    module.run(parser.parse_args([str(FIXTURES / "zipkin" / "skew.json"), "--json"]))
    expected = [{"parent": "servicea", "child": "serviceb", "callCount": 1, "errorCount": 0}]
    assert json.loads(capsys.readouterr().out) == expected
