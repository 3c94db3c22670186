"""Told to stop, a service sends every span that it has."""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from discovery import client
from tests.lab.conftest import descendants
from tests.real.postgres import cluster
from tests.real.tracing import Tracing
from tests.services.asking import at_once, attest, eventually
from tests.services.fleet import Fleet
from tests.tracing import table
from tests.tracing.conftest import Starting
from tests.tracing.traced import SERVICES, UNTRACED, Traced, Way

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals on Windows")


def stop(here: Traced, number: signal.Signals) -> None:
    """Send every traced service a signal at the same moment, and see each end of it within 8 s."""
    children = [here.shop.running.pop(name) for name in SERVICES]
    for child in children:
        os.kill(child.pid, number)
    assert all(child.wait(8) for child in children)


@pytest.mark.parametrize(("number", "orders"), [(signal.SIGTERM, 200), (signal.SIGINT, 50)], ids=["SIGTERM", "SIGINT"])
def test_every_span_arrives(own: Starting, way: Way, number: signal.Signals, orders: int) -> None:
    """After 200 orders and a signal, with next to nothing sent until then, each trace is whole: the declared one."""
    with own(way=way, OTEL_BSP_SCHEDULE_DELAY="60000") as here:
        answers = [answer for answer in at_once([here.shop.order] * orders, workers=8) if answer]
        stop(here, number)
        assert [answer.status for answer in answers] == [201] * orders
        for answer in answers:
            read = client.read(way.backend, answer.trace_id, expected=table.expected("sqlite").total())
            assert not (told := table.difference(read, "sqlite")), told
        for name in SERVICES:
            assert not any("lost" in line["message"] for line in here.shop.log(name))


def test_requests_in_flight_are_finished_and_traced(own: Starting, way: Way) -> None:
    """An order that is under way at SIGTERM is answered, and its trace is whole."""
    with own(way=way) as here, ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(here.shop.order, baggage="fault=payment.latency:700ms")
        eventually(lambda: attest("pending" in here.shop.books()["order"]), 5, 0.02)
        here.shop.end("gateway")
        answer = under_way.result()
        assert answer.status == 201
        assert not (told := table.difference(here.trace(answer), "sqlite")), told


@pytest.mark.skipif(sys.platform != "linux", reason="finds the database's processes in /proc")
def test_a_database_that_stands_still(tmp_path_factory: pytest.TempPathFactory, built_in: Tracing) -> None:
    """Where PostgreSQL accepts and never answers, services end all the same, and every span arrives first."""
    way = Way.by_otlp("built-in", built_in)
    settings = {**way.settings, "OTEL_BSP_SCHEDULE_DELAY": "60000"}
    with cluster(tmp_path_factory.mktemp("still")) as own:
        folder = tmp_path_factory.mktemp("shop")
        with Fleet(folder, lambda _: own.server.fresh(), UNTRACED, **settings) as shop:
            answers = [shop.order() for _ in range(5)]
            postmaster = int((own.folder / "data" / "postmaster.pid").read_text("utf-8").split()[0])
            processes = [postmaster, *descendants(postmaster)]
            for each in processes:
                os.kill(each, signal.SIGSTOP)
            try:
                Traced(shop, way).end()
            finally:
                for each in processes:
                    os.kill(each, signal.SIGCONT)
        for answer in answers:
            read = client.read(way.backend, answer.trace_id, expected=table.expected("postgres").total())
            assert not (told := table.difference(read, "postgres")), told
