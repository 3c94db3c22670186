"""A run: requests one after the other in time, some of which carry a fault; and its traces in every backend."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from discovery import client
from discovery.errors import NotFound
from discovery.trace import Trace
from load.schedule import draw
from tests.services.asking import Answer, an_order
from tests.tracing.traced import Traced

_SEED = 4
_EVERY = 0.05  # seconds between two requests, whatever becomes of them
_SKUS = ("tea-pot", "notebook", "umbrella")


@dataclass(frozen=True, slots=True)
class Run:
    """The answers to the requests that carried the fault, and to those that did not; its times are Unix times."""

    start: float
    end: float
    affected: Sequence[Answer]
    innocent: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class Stored:
    """The same as traces of one backend; `others` are those whose id no request ever had."""

    affected: Sequence[Trace]
    innocent: Sequence[Trace]
    others: Sequence[Trace]


def send(
    here: Traced,
    fault: str | None,
    routes: Sequence[str],
    requests: int,
    *,
    percent: float = 35,
    every: float = _EVERY,
    hits: int | None = None,
    order: str | None = None,
) -> Run:
    """Send so many requests in an open loop, the routes in turns; the seed says which of them carry the fault.

    With `hits` only so many of the first may carry it. What is read is `order`, or a new one.
    """
    if order is None and "GET /orders/{id}" in routes:
        order = here.shop.order().headers["location"]
    start = time.time()
    sent: list[tuple[bool, Answer]] = []

    def one(number: int) -> tuple[bool, Answer]:
        carries = fault is not None and (hits is None or number < hits)
        hit = carries and draw(_SEED, "fault", number) * 100 < percent
        headers: Mapping[str, str] = {"baggage": f"fault={fault}"} if hit else {}
        match routes[number % len(routes)]:
            case "POST /orders":
                return hit, here.shop.order(an_order(_SKUS[number % 3]), **headers)
            case "GET /orders/{id}":
                return hit, here.shop.get(str(order), **headers)
            case _:
                return hit, here.shop.get("/products", **headers)

    with ThreadPoolExecutor(requests) as pool:
        flying = []
        for number in range(requests):
            flying.append(pool.submit(one, number))
            time.sleep(every)
        sent = [each.result() for each in flying]
    here.drain()
    return Run(start, time.time(), [answer for hit, answer in sent if hit], [answer for hit, answer in sent if not hit])


def stored(backend: client.Backend, run: Run, entry: Sequence[str] = ()) -> Stored:
    """Read a run's traces, and what else the services in `entry` began meanwhile."""
    own = {answer.trace_id for answer in (*run.affected, *run.innocent)}
    others = {
        trace.trace_id: trace
        for service in entry
        for trace in client.latest(backend, service, limit=500, lookback=run.end - run.start, until=run.end)
        if trace.trace_id not in own
    }
    return Stored(_read(backend, run.affected), _read(backend, run.innocent), list(others.values()))


def _read(backend: client.Backend, answers: Sequence[Answer]) -> list[Trace]:
    found = []
    for answer in answers:
        try:
            found.append(client.read(backend, answer.trace_id, expected=1, wait=0))
        except NotFound as error:
            raise AssertionError(str(error)) from error
    return found
