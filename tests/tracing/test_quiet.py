"""What makes no spans: start-up, settling, health, books and pages."""

from __future__ import annotations

import time

import pytest

from discovery import client
from tests.backend.running import builtin
from tests.services.asking import an_order, eventually
from tests.tracing import table
from tests.tracing.conftest import Starting
from tests.tracing.traced import SERVICES, Way

PAGES = ("/healthz", "/readyz", "/", "/latest", "/faults", "/openapi.json", "/docs", "/favicon.ico")


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_nobodys_requests_are_not_traced(own: Starting, kind: str) -> None:
    """Starting up, health, readiness, books, pages and turns of settling end no span and leave no trace."""
    with builtin() as fresh, own(way=Way.by_otlp("fresh", fresh), kind=kind) as here:
        for name in SERVICES:
            for path in (*PAGES, "/books"):
                answer = here.shop.get(path, name)
                assert "traceresponse" not in answer.headers, (name, path)
        time.sleep(1.3)  # settling looks every second
        assert {name: here.spans(name)["ended"] for name in SERVICES} == dict.fromkeys(SERVICES, 0)
        assert client.services(here.way.backend) == []


def test_settling_is_nobodys_request(own: Starting) -> None:
    """Undoing what a checkout left behind asks payment and inventory, and adds no span to any trace."""
    with builtin() as fresh, own(way=Way.by_otlp("fresh", fresh), TRACELAB_BUDGET_MS="1000") as here:
        here.shop.end("inventory")
        answer = here.shop.order()
        assert answer.status == 503
        trace = here.trace(answer)
        here.shop.start("inventory")
        here.shop.settle()
        assert here.shop.books()["payment"]["voided"]["count"] == 1
        here.drain()
        assert [found.trace_id for found in client.latest(here.way.backend, "payment")] == [answer.trace_id]
        assert client.latest(here.way.backend, "inventory") == []
        assert len(here.trace(answer).spans) == len(trace.spans)


def test_one_trace_a_request(own: Starting) -> None:
    """A handful of requests are as many traces, each with one root, and every span in them is a declared one."""
    with builtin() as fresh, own(way=Way.by_otlp("fresh", fresh)) as here:
        answers = [here.shop.order() for _ in range(3)] + [here.shop.order(an_order(card="tok_declined"))]
        declared = {edge[2:4] for edge in table.expected("sqlite")}

        def all_there() -> None:
            found = client.latest(here.way.backend, "gateway")
            assert {trace.trace_id for trace in found} == {answer.trace_id for answer in answers}
            assert all(len(trace.roots) == 1 for trace in found)

        eventually(all_there, 5)
        for trace in client.latest(here.way.backend, "gateway"):
            assert {(span.service, span.name.casefold()) for span in trace.spans} <= declared
