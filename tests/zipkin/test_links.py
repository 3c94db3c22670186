"""GET /api/v2/dependencies: its parameters, and the counting of calls, tried with traces made at random."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.backend.running import builtin
from tests.zipkin.differences import answer
from tests.zipkin.server import BASE, Server, span, unique

Link = tuple[str, str, int, int]
KINDS = [None, None, "CLIENT", "CLIENT", "SERVER", "SERVER", "PRODUCER", "CONSUMER"]


def links(server: Server, since: int = BASE - 1, until: int = BASE + 1000) -> list[dict[str, Any]]:
    """Return the links between two times in milliseconds."""
    return server.ask(f"/api/v2/dependencies?{urlencode({'endTs': until, 'lookback': until - since})}").json


def of(prefix: str, found: Sequence[dict[str, Any]]) -> list[Link]:
    """Return the links of services with a prefix, without it, sorted: their order is promised nowhere."""
    own = [link for link in found if link["parent"].startswith(prefix)]
    return sorted(
        (
            link["parent"].removeprefix(prefix),
            link["child"].removeprefix(prefix),
            link["callCount"],
            link.get("errorCount", 0),
        )
        for link in own
    )


def call(case: str, number: int, kind: str, services: str, **changes: Any) -> dict[str, Any]:
    """Make a span of a case, with the services of its own side and, where there are two letters, of the other."""
    sides = [{"serviceName": f"{unique(case)}-{service}"} for service in services]
    places = dict(zip(("localEndpoint", "remoteEndpoint"), sides, strict=False))
    return span(unique(case), **{"id": f"{number:016x}", "kind": kind} | places | changes)


CASES: dict[str, tuple[list[dict[str, Any]], list[Link]]] = {}


def case(name: str, given: list[Link], *calls: tuple[Any, ...], **changes: Any) -> None:
    """Add a case: calls by kind and services, each the child of the one before, and the links that Zipkin counts."""
    CASES[name] = (
        [
            call(name, number + 1, kind, services, **({"parentId": f"{number:016x}"} if number else {}) | more)
            for number, (kind, services, more) in enumerate((*each, {})[:3] for each in calls)
        ],
        given,
    )


case("a call", [("a", "b", 1, 0)], ("CLIENT", "a"), ("SERVER", "b"))
case("a call that failed at the server", [("a", "b", 1, 1)], ("CLIENT", "a"), ("SERVER", "b", {"tags": {"error": ""}}))
case("a call that failed at the client", [("a", "b", 1, 1)], ("CLIENT", "a", {"tags": {"error": "x"}}), ("SERVER", "b"))
case(
    "a call whose error tag says false",
    [("a", "b", 1, 1)],
    ("CLIENT", "a"),
    ("SERVER", "b", {"tags": {"error": "false"}}),
)
case(
    "a call to what sends no spans",
    [("a", "db", 1, 0)],
    ("SERVER", "a"),
    ("CLIENT", "a", {"remoteEndpoint": {"serviceName": f"{unique('a call to what sends no spans')}-db"}}),
)
case("a call from what sends no spans", [("z", "a", 1, 0)], ("SERVER", "az"))
case("a call through work of one's own", [("a", "b", 1, 0)], ("CLIENT", "a"), (None, "a"), ("SERVER", "b"))
case("a call without a kind", [("a", "b", 1, 0)], (None, "ab"))
case("messages", [("a", "q", 1, 0), ("q", "b", 1, 0)], ("PRODUCER", "aq"), ("CONSUMER", "bq"))
case("a message without its broker", [], ("PRODUCER", "a"), ("CONSUMER", "b"))
case("a service that calls itself", [("a", "a", 1, 0)], ("CLIENT", "a"), ("SERVER", "a"))
case(
    "a shared span",
    [("a", "b", 1, 0)],
    ("CLIENT", "a"),
    ("SERVER", "b", {"id": f"{1:016x}", "parentId": ..., "shared": True}),
)
case(
    "a shared span that does not say so",
    [("a", "b", 1, 0)],
    ("CLIENT", "a"),
    ("SERVER", "b", {"id": f"{1:016x}", "parentId": ...}),
)
case(
    "a service that calls itself under one id",
    [],
    ("CLIENT", "a"),
    ("SERVER", "a", {"id": f"{1:016x}", "parentId": ...}),
)
case("a server that has lost its parent", [("a", "b", 1, 0)], ("CLIENT", "a"), ("SERVER", "bz", {"parentId": "f" * 16}))


@pytest.mark.parametrize("name", CASES)
def test_a_link(server, name):
    """Each kind of call is counted once, between the services that the real server names."""
    sent, given = CASES[name]
    server.keep(sent)
    assert of(f"{unique(name)}-", links(server)) == answer(server, name, given)


def test_the_window(server):
    """A trace is counted in the window of its start; Zipkin counts it where any of its spans starts as well."""
    name = "links of a window that only a later span is in"
    late = {"timestamp": (BASE + 500) * 1000}
    server.keep([call(name, 1, "CLIENT", "a"), call(name, 2, "SERVER", "b", parentId=f"{1:016x}", **late)])
    prefix = f"{unique(name)}-"
    assert of(prefix, links(server)) == [("a", "b", 1, 0)]
    assert of(prefix, links(server, BASE - 100, BASE - 1)) == []
    assert of(prefix, links(server, BASE + 490, BASE + 510)) == answer(server, name, [("a", "b", 1, 0)])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("endTs=1000", 200),
        ("endTs=1000&lookback=1", 200),
        ("endTs=1000&lookback=", 200),
        ("endTs=9223372036854775807&lookback=1", 200),
        ("", 400),
        ("endTs=", 400),
        ("endTs=0", 400),
        ("endTs=-1", 400),
        ("endTs=x", 400),
        ("lookback=1", 400),
        ("endTs=1000&lookback=0", 400),
        ("endTs=1000&lookback=x", 400),
    ],
)
def test_parameters(server, query, status):
    """The window's end has to be there; both are whole numbers above zero."""
    found = server.ask(f"/api/v2/dependencies?{query}")
    assert found.status == status
    if status == 200:
        assert found.json == []


def test_traces_made_at_random(zipkin):
    """Of traces with lost parents, shared ids, missing kinds and names, every link is what the real server counts."""
    chance = random.Random(7)
    sent = [each for number in range(300) for each in made(chance, f"random {number}")]
    with builtin() as here:
        counted = []
        for server in (Server(zipkin.query_url, is_ours=False), Server(here.query_url, is_ours=True)):
            server.keep(sent)
            by_trace = defaultdict(set)
            for link in links(server):
                trace_id, _, parent = link["parent"].partition("-")
                child = link["child"].partition("-")[2]
                by_trace[trace_id].add((parent, child, link["callCount"], link.get("errorCount", 0)))
            counted.append({trace_id: by_trace[trace_id] for trace_id in sorted({each["traceId"] for each in sent})})
    real, ours = counted
    assert sum(map(len, real.values())) > 300
    assert [trace_id for trace_id in real if ours[trace_id] != real[trace_id]] == []


def made(chance: random.Random, name: str) -> list[dict[str, Any]]:
    """Make a trace of up to six spans and the other halves of some of its calls."""
    spans: list[dict[str, Any]] = []
    size = chance.randint(1, 6)
    for number in range(1, size + 1):
        services = chance.choice("abc") + (chance.choice("abcde") if chance.random() < 0.4 else "")
        changes: dict[str, Any] = {"timestamp": BASE * 1000 + number}
        if number > 1 and chance.random() < 0.9:
            changes["parentId"] = f"{chance.randrange(1, number):016x}"
        elif chance.random() < 0.15:
            changes["parentId"] = "f" * 16
        if chance.random() < 0.1:
            changes["localEndpoint"] = ...
        if chance.random() < 0.15:
            changes["tags"] = {"error": ""}
        one = call(name, number, chance.choice(KINDS), services, **changes)
        spans.append(one)
        if one["kind"] == "CLIENT" and chance.random() < 0.4:
            spans.append(half(chance, name, one))
    chance.shuffle(spans)
    return spans


def half(chance: random.Random, name: str, client: dict[str, Any]) -> dict[str, Any]:
    """Make the server's half of a call under one id; it says so, or at least its service is another."""
    place = {"serviceName": f"{unique(name)}-{chance.choice('abc')}"}
    told = chance.random() < 0.6 or client.get("localEndpoint") in (None, place)
    kept = {key: client[key] for key in ("traceId", "id", "timestamp", "duration")}
    parent = {"parentId": client["parentId"]} if "parentId" in client and chance.random() < 0.7 else {}
    return kept | parent | {"kind": "SERVER", "localEndpoint": place} | ({"shared": True} if told else {})
