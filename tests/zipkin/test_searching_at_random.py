"""Searches made at random, over traces made at random, find on the built-in backend what they find on the real one."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import urlencode

from tests.backend.running import builtin
from tests.zipkin.server import BASE, RUN, Server, span, unique

TRACES, SEARCHES = 200, 300
SERVICES = [f"{letter}-random-{RUN}" for letter in "abc"]
NAMES = ["get /cart", "get /order", "select", "charge"]
TAGS = ["http.method=GET", "http.method=POST", "error=", "error=late", "a=b=c", "card=visa"]
NOTES = ["retry", "error", "cache miss", "card"]


def test_searches_made_at_random(zipkin):
    """Whatever is asked for together, the same traces are found in the same order."""
    chance = random.Random(11)  # the same each time
    spans = [each for number in range(TRACES) for each in made(chance, number)]
    queries = [urlencode(asked(chance)) for _ in range(SEARCHES)]
    with builtin() as here:
        found = []
        for server in (Server(zipkin.query_url, is_ours=False), Server(here.query_url, is_ours=True)):
            for first in range(0, len(spans), 50):  # several batches to a server, and traces that span two
                server.keep(spans[first : first + 50])
            found.append([ids(server, query) for query in queries])
    real, ours = found
    assert sum(map(bool, real)) > SEARCHES / 4
    assert [query for query, one, other in zip(queries, real, ours, strict=True) if one != other] == []


def ids(server: Server, query: str) -> list[str]:
    """Return the ids of the traces that are found."""
    return [trace[0]["traceId"] for trace in server.ask(f"/api/v2/traces?{query}").json]


def made(chance: random.Random, number: int) -> list[dict[str, Any]]:
    """Make a trace, all of it at one moment: in another order than its spans' the servers differ."""
    spans = []
    for place in range(chance.randint(1, 4)):
        tags = dict(tag.split("=", 1) for tag in chance.sample(TAGS, chance.randint(0, 3)))
        notes = [{"timestamp": BASE * 1000, "value": note} for note in chance.sample(NOTES, chance.randint(0, 2))]
        spans.append(
            span(
                unique(f"random search {number}"),
                id=f"{place + 1:016x}",
                parentId=f"{place:016x}" if place else ...,
                name=chance.choice(NAMES),
                timestamp=(BASE + number) * 1000,
                duration=chance.choice([..., 10, 200, 3000]),
                localEndpoint={"serviceName": chance.choice(SERVICES)},
                remoteEndpoint={"serviceName": chance.choice(SERVICES)} if chance.random() < 0.3 else ...,
                tags=tags or ...,
                annotations=notes or ...,
            )
        )
    return spans


def asked(chance: random.Random) -> dict[str, Any]:
    """Make a query of up to six conditions; the service makes it find this test's traces only."""
    terms = chance.sample(TAGS + NOTES + ["error", "http.method", "a=b"], chance.randint(1, 2))
    conditions = {
        "spanName": chance.choice([*NAMES, "all", "SELECT"]),
        "remoteServiceName": chance.choice(SERVICES),
        "annotationQuery": " and ".join(terms),
        "minDuration": chance.choice([1, 10, 11, 3000]),
        "endTs": BASE + chance.randint(0, TRACES),
        "limit": chance.choice([1, 5, 1000]),
    }
    chosen = {name: value for name, value in conditions.items() if chance.random() < 0.35}
    if "minDuration" in chosen and chance.random() < 0.5:
        chosen["maxDuration"] = chance.choice([3000, 3001])
    return {
        "serviceName": chance.choice(SERVICES),
        "endTs": BASE + TRACES,
        "lookback": chance.randint(1, TRACES),
    } | chosen
