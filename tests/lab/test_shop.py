"""The launcher as a library: a whole shop of real processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from discovery import client
from lab import orders, ports, state
from lab.options import Options
from lab.shop import NotReady, Shop
from tests.lab.conftest import alive, free_offset, gone

linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc, which only Linux has")


def test_a_started_shop_sells(shop: Shop) -> None:
    """When the context is entered, every process is ready: the first order succeeds at once."""
    answer = orders.buy(shop.url, orders.a_product(shop.url))
    assert answer.status == 201
    assert set(shop.pids) == {"gateway", "order", "payment", "payment-2", "inventory", "issuer", "backend"}


def test_an_order_is_one_trace_of_four_services(shop: Shop) -> None:
    """What the answer names as its trace arrives at the backend whole."""
    answer = orders.buy(shop.url, orders.a_product(shop.url))
    trace = client.read(client.probe(shop.tracing.query), answer.trace_id)
    assert set(trace.services) == {"gateway", "order", "payment", "inventory"}
    assert not trace.missing
    assert trace.errors == 0


def test_replicas_take_turns(shop: Shop) -> None:
    """Two payment services both serve, told apart by service.instance.id."""
    backend = client.probe(shop.tracing.query)
    sku = orders.a_product(shop.url)
    traces = [client.read(backend, orders.buy(shop.url, sku).trace_id) for _ in range(2)]
    instances = {
        span.resource.get("service.instance.id", span.attributes.get("service.instance.id"))
        for trace in traces
        for span in trace.spans
        if span.service == "payment"
    }
    assert instances == {"payment-1", "payment-2"}


def test_other_terminals_find_it(shop: Shop) -> None:
    """`up.json` tells the launcher's pid and the environment that every other command reads."""
    found = json.loads((shop.options.state / "up.json").read_text(encoding="utf-8"))
    assert found["pid"] == os.getpid()
    assert found["environment"]["TRACELAB_TARGET"] == shop.url
    assert found["environment"]["TRACELAB_BACKEND"] == shop.tracing.query
    assert "{trace_id}" in found["environment"]["TRACELAB_TRACE_URL"]
    assert state.running(shop.options.state) is not None


def test_a_second_shop_in_the_same_folder_is_refused(shop: Shop) -> None:
    """The refusal names the one that is up, and leaves it and its files alone."""
    with pytest.raises(state.Taken, match=f"pid {os.getpid()}"), Shop(shop.options):
        pass
    assert state.running(shop.options.state) is not None
    assert orders.buy(shop.url, orders.a_product(shop.url)).status == 201


@linux
def test_a_taken_port_is_named_with_its_holder(tmp_path: Path) -> None:
    """The error says which port, who holds it, and an offset at which a shop would fit."""
    offset = free_offset()
    with (
        socket.create_server(("127.0.0.1", 8082 + offset)),
        pytest.raises(ports.Busy) as caught,
        Shop(Options(state=tmp_path, port_offset=offset)),
    ):
        pass
    assert f"{8082 + offset} is taken by" in str(caught.value)
    assert f"(pid {os.getpid()})" in str(caught.value)
    assert "--port-offset" in str(caught.value)
    assert state.running(tmp_path) is None


@linux
def test_a_killed_process_is_named_and_comes_back(shop: Shop) -> None:
    """After kill -9 of a service the launcher says who died and how, starts it again, and orders succeed."""
    before = shop.pids["inventory"]
    shop.kill("inventory")
    give_up = time.monotonic() + 20
    while shop.pids["inventory"] == before:
        assert time.monotonic() < give_up
        time.sleep(0.02)
    shop.wait_ready("inventory")
    sku = orders.a_product(shop.url)
    while orders.buy(shop.url, sku).status != 201:  # order's circuit breaker may need a moment
        assert time.monotonic() < give_up
        time.sleep(0.2)
    told = "\n".join(shop.told)  # type: ignore[attr-defined]
    assert f"inventory died (signal {int(signal.SIGKILL)})" in told
    assert "starting inventory again" in told


@linux
def test_leaving_ends_every_process(tmp_path: Path) -> None:
    """Nothing is left behind: no process, no up.json, no held port."""
    with Shop(Options(state=tmp_path, port_offset=free_offset())) as shop:
        pids = list(shop.pids.values())
        assert all(alive(pid) for pid in pids)
    assert gone(pids, 1) == []
    assert not (tmp_path / "up.json").exists()
    assert all(ports.is_free(port) for process in shop.processes for port in process.ports)


@linux
def test_a_service_that_cannot_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    """A bad setting ends the start at once, with the service's own log lines, and stops what had begun."""
    options = Options(state=tmp_path, port_offset=free_offset(), environment={"TRACELAB_BUDGET_MS": "nonsense"})
    with pytest.raises(NotReady, match="TRACELAB_BUDGET_MS") as caught, Shop(options):
        pass
    assert "died (exit code 1)" in str(caught.value)
    assert state.running(tmp_path) is None


@linux
def test_who_keeps_dying_is_given_up_and_the_rest_stays(shop: Shop) -> None:
    """After five quick deaths in a row there is no sixth start; that is said, and the other replica sells on."""
    told: list[str] = shop.told  # type: ignore[attr-defined]
    give_up = time.monotonic() + 40
    while "payment-2 died 6 times in a row: given up" not in "\n".join(told):
        assert time.monotonic() < give_up, told
        shop.kill("payment-2")
        time.sleep(0.05)
    assert orders.a_product(shop.url)
    assert gone([shop.pids["payment-2"]], 1) == []
    assert alive(shop.pids["payment"])
