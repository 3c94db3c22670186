"""What the benchmarks ask of a backend: kinds of queries, each a maker of paths that differ from call to call."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from urllib.parse import urlencode

import msgspec

from tests.bench.batches import COMMON, RARE, SERVICES

Kinds = dict[str, Callable[[Random], str]]


def kinds(began: int, ended: int, traces: list[str]) -> Kinds:
    """Make the queries about what was stored between two times (microseconds since the epoch) under these ids."""
    now = ended // 1000 + 1000
    reach = now - began // 1000 + 1000

    def search(chance: Random, **asked: object) -> str:
        whole = {"endTs": now, "lookback": reach, "limit": 10, "serviceName": chance.choice(SERVICES)} | asked
        return f"/api/v2/traces?{urlencode({name: value for name, value in whole.items() if value is not None})}"

    def past(chance: Random) -> str:
        return search(chance, endTs=chance.randrange(began // 1000 + reach // 10, now), lookback=reach // 10)

    return {
        "service": search,
        "service, limit 100": lambda chance: search(chance, limit=100),
        "service and operation": lambda chance: search(chance, spanName="call quotes"),
        "remote service": lambda chance: search(chance, serviceName="order", remoteServiceName="payment"),
        "common tag": lambda chance: search(chance, serviceName=None, annotationQuery="=".join(COMMON)),
        "rare tag": lambda chance: search(chance, serviceName=None, annotationQuery="=".join(RARE)),
        "tag that is nowhere": lambda chance: search(
            chance, serviceName=None, annotationQuery=f"customer.id=nobody-{chance.random()}"
        ),
        "tags with `and`": lambda chance: search(
            chance,
            annotationQuery=f"error and {'='.join(COMMON)} and host.name={SERVICES[1]}-1",
            serviceName=SERVICES[1],
        ),
        "minDuration": lambda chance: search(chance, minDuration=1_000_000),
        "past window": past,
        "the search page": lambda chance: f"/?{urlencode({'service': chance.choice(SERVICES), 'lookback': '1h'})}",
        "trace by id": lambda chance: f"/api/v2/trace/{chance.choice(traces)}",
        "services": lambda _: "/api/v2/services",
        "dependencies, 1 hour": lambda _: f"/api/v2/dependencies?endTs={now}&lookback=3600000",
    }


def trace_id(body: bytes) -> str:
    """Return the first span's trace id in a body of Zipkin JSON."""
    [first, *_] = msgspec.json.decode(body)
    return str(first["traceId"])
