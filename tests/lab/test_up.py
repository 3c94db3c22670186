"""`tracelab up` as a process: how it begins and, above all, how it ends."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from discovery import client
from lab import orders, state
from tests.lab.conftest import Command, descendants, free_offset, gone

Start = Callable[..., Command]
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc, which only Linux has")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(tracelab: Start, number: int) -> None:
    """Ctrl-C, SIGTERM and the terminal's end leave no process and exit with 0."""
    up = tracelab("up", "--port-offset", str(free_offset()))
    up.wait_for("Ctrl-C stops everything")
    children = descendants(up.process.pid)
    assert len(children) >= 6
    up.signal(number)
    assert up.end() == 0
    assert gone(children, 2) == []
    assert "stopped" in up.text()
    assert "Traceback" not in up.text()


def test_the_launchers_sudden_death_ends_every_child(tracelab: Start) -> None:
    """After kill -9 of the launcher the services end by themselves, and a new shop can start."""
    offset = str(free_offset())
    up = tracelab("up", "--port-offset", offset)
    up.wait_for("Ctrl-C stops everything")
    children = descendants(up.process.pid)
    up.signal(signal.SIGKILL)
    up.end()
    assert gone(children, 15) == []
    again = tracelab("up", "--port-offset", offset)
    assert "ready in" in again.wait_for("Ctrl-C stops everything")


def test_the_death_of_the_terminal_ends_everything(tmp_path: Path) -> None:
    """When its terminal closes, everything ends in order although nothing can be printed any more."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TRACELAB_STATE": str(tmp_path), "PYTHONUTF8": "1"}
    code = (
        "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
        "os.execv(sys.executable, sys.argv[1:])"
    )
    command = [sys.executable, "-P", "-m", "lab.cli", "up", "--port-offset", str(free_offset())]
    up = subprocess.Popen(
        [sys.executable, "-c", code, *command], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    seen = b""
    while b"Ctrl-C stops everything" not in seen:
        seen += os.read(ours, 4096)
    children = descendants(up.pid)
    os.close(ours)
    assert up.wait(30) == 0
    assert gone(children, 2) == []
    assert not (tmp_path / "up.json").exists()


def test_no_span_is_lost_when_stopped_right_after_orders(tracelab: Start, tmp_path: Path) -> None:
    """SIGTERM straight after the last answer: every order's trace is whole in a backend that lives on."""
    offset = free_offset()
    query = f"http://127.0.0.1:{9411 + offset}"
    tracelab("backend", "--port", str(9411 + offset), "--otlp-port", str(4318 + offset), state=tmp_path / "b").wait_for(
        "OTLP"
    )
    up = tracelab(
        "up", "--backend", query, "--port-offset", str(offset),
        OTEL_TRACES_EXPORTER="otlp", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{4318 + offset}",
        OTEL_BSP_SCHEDULE_DELAY="10000",
    )  # fmt: skip
    up.wait_for("Ctrl-C stops everything")
    gateway = f"http://127.0.0.1:{8080 + offset}"
    sku = orders.a_product(gateway)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: orders.buy(gateway, sku), range(60)))
    up.signal(signal.SIGTERM)
    assert up.end() == 0
    backend = client.probe(query)
    traces = [client.read(backend, answer.trace_id, wait=0, expected=1) for answer in answers]
    assert {answer.status for answer in answers} == {201}
    assert [trace.missing for trace in traces if trace.missing] == []
    assert {frozenset(trace.services) for trace in traces} == {frozenset({"gateway", "order", "payment", "inventory"})}
    work = [sum(span.name != "pool.wait" for span in trace.spans) for trace in traces]
    assert min(work) == max(work)


def test_a_proxy_in_the_environment_changes_nothing(tracelab: Start) -> None:
    """With HTTP_PROXY set to a dead address the shop starts, sells, and its traces arrive."""
    dead = "http://127.0.0.1:9"
    offset = free_offset()
    up = tracelab(
        "up", "--port-offset", str(offset), HTTP_PROXY=dead, HTTPS_PROXY=dead, http_proxy=dead, ALL_PROXY=dead
    )
    up.wait_for("Ctrl-C stops everything")
    gateway = f"http://127.0.0.1:{8080 + offset}"
    answer = orders.buy(gateway, orders.a_product(gateway))
    assert answer.status == 201
    assert not client.read(client.probe(f"http://127.0.0.1:{9411 + offset}"), answer.trace_id).missing


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("--backend", "http://127.0.0.1:1"), 4, "127.0.0.1:1"),
        (("--database", "mysql://x"), 2, "postgresql://"),
        (("--database", "postgresql://nobody@127.0.0.1:1"), 4, "127.0.0.1:1"),
        (("--replicas", "gateway=2"), 2, "SERVICE=N"),
        (("--replicas", "payment=0"), 2, "SERVICE=N"),
        (("--with", "payment.latency"), 2, "tracelab load SCENARIO --fault payment.latency"),
        (("--with", "order.clock-skew", "--with", "order.lost-spans"), 2, "a service starts with one fault"),
        (("--with", "payment.bad-canary", "--payment", "http://127.0.0.1:1"), 2, "cannot be beside --payment"),
        (("--port-offset", "65000"), 2, "does not exist"),
    ],
)
def test_what_cannot_be_is_one_sentence(tracelab: Start, arguments: tuple[str, ...], exit_code: int, said: str) -> None:
    """Wrong use and unreachable servers end with their exit code and one line, and nothing is left running."""
    up = tracelab("up", "--port-offset", str(free_offset()), *arguments)
    assert up.end() == exit_code
    assert said in up.text()
    assert len([line for line in up.text().splitlines() if line != "stopped"]) == 1


def test_a_shop_with_faults(tracelab: Start) -> None:
    """`--with`, given twice: a second replica and a wire more, all ready, and the shop sells through them."""
    offset = free_offset()
    up = tracelab(
        "up", "--port-offset", str(offset), "--with", "inventory.slow-replica:50ms", "--with", "payment.network-delay"
    )
    ready = up.wait_for("Ctrl-C stops everything")
    assert {"inventory-2", "payment-wire"} <= set(ready.partition(" s: ")[2].splitlines()[0].split(", "))
    gateway = f"http://127.0.0.1:{8080 + offset}"
    assert orders.buy(gateway, orders.a_product(gateway)).seconds >= 0.2
    up.signal(signal.SIGTERM)
    assert up.end() == 0


def test_a_taken_port_of_a_wire(tracelab: Start) -> None:
    """A wire's port is looked at beforehand as any other is, and named."""
    offset = free_offset()
    with socket.create_server(("127.0.0.1", 8133 + offset)):
        up = tracelab("up", "--port-offset", str(offset), "--with", "inventory.network-delay")
        assert up.end() == 2
    assert f"{8133 + offset} is taken by" in up.text()


def test_a_backend_that_is_nowhere_is_told_how_to_get(tracelab: Start) -> None:
    """Without a Jaeger that answers or is on the PATH: exit code 4 and the command that gets one."""
    if _answers("http://127.0.0.1:16686"):
        pytest.skip("a Jaeger is up on this machine")
    up = tracelab("up", "--backend", "jaeger", "--port-offset", str(free_offset()), PATH="")
    assert up.end() == 4
    assert "docker run" in up.text()


def test_the_state_folder_is_free_again_after_a_crash(tmp_path: Path) -> None:
    """An up.json whose launcher is dead is nobody's."""
    (tmp_path / "up.json").write_text('{"pid": 1, "environment": {}}', encoding="utf-8")
    assert state.running(tmp_path) is None


def _answers(url: str) -> bool:
    try:
        client.probe(url)
    except Exception:  # whatever the reason
        return False
    return True
