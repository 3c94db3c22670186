"""What the load generator costs and how truthful it is, beside Locust and wrk, in alternating rounds of one run.

    python -P -m tests.bench.load [--rounds 5] [--locust PATH]

Locust is in an environment of its own (`python -m venv V && V/bin/pip install locust`, then --locust V/bin/locust);
without it, and without `wrk` on the PATH, their lines are missing. All ask the same trivial server (`trivial`), pinned
to another core where the system can. Printed are medians and spreads. Not a timed test: it asserts nothing.

cost    microseconds of processor time a request, user and system, of the load's process while it sends 1,000/s
held    2,000/s asked for, open loop: the rate that was sent, and the generator's own lateness at p99
freeze  200/s for 30 s while the server is stopped for 1 s of every 3.75: p75 and p90 beside what the schedule implies
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from load.generator import drive
from load.result import percentile
from load.scenario import Scenario
from load.schedule import plan
from tests.real.process import free_ports, wait_until

_RATE, _SECONDS = 1_000, 6
_FROZEN, _EVERY = 1.0, 3.75
_UNTRACED = {"OTEL_TRACES_EXPORTER": "none"}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--locust", help="Locust's program")
    parser.add_argument("--drive", nargs=3, metavar=("URL", "RATE", "SECONDS"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.drive:
        print("FOUND " + json.dumps(_drive(args.drive[0], float(args.drive[1]), args.drive[2])))
        return
    with _server() as (url, process):
        _cost(url, args.rounds, args.locust)
        _held(url, args.rounds)
        _freeze(url, process, args.locust)


def _drive(url: str, rate: float, seconds: str) -> dict[str, Any]:
    """In a process of its own: one run, and what it took."""
    phase = {"name": "bench", "duration": f"{seconds}s", "rate": rate, "arrivals": "constant"}
    wanted = plan(msgspec.convert({"phase": [phase]}, Scenario), 1)
    began = time.process_time()
    result = asyncio.run(drive(wanted, url))
    taken = time.process_time() - began
    latencies = [request.latency for request in result.requests if request.latency is not None]
    return {
        "start": result.stretches[0].start.timestamp(),
        "end": result.stretches[-1].end.timestamp(),
        "us": taken / len(result.requests) * 1e6,
        "rate": len(latencies) / float(seconds),
        "late": result.lateness,
        "p75": percentile(latencies, 75),
        "p90": percentile(latencies, 90),
        "failed": sum(request.error is not None for request in result.requests),
    }


def _ours(url: str, rate: float, seconds: float, **environment: str) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "tests.bench.load", "--drive", url, str(rate), f"{seconds:g}"]
    return _found(command, environment)


def _locust(program: str, url: str, rate: float, seconds: float, users: int) -> dict[str, Any]:
    file = str(Path(__file__).with_name("locustfile.py"))
    options = ["--headless", "-u", str(users), "-r", str(users), "-t", f"{seconds:g}s", "--host", url, "--only-summary"]
    return _found([program, "-f", file, *options], {"PER_USER": str(rate / users)})


def _found(command: list[str], environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    [line] = [line for line in done.stdout.splitlines() if line.startswith("FOUND ")] or [f"FOUND {done.stderr}"]
    found: dict[str, Any] = json.loads(line.removeprefix("FOUND "))
    return found


def _wrk(url: str) -> float:
    """Processor microseconds a request: wrk asks for the products, as fast as it can."""
    before = os.times()
    done = subprocess.run(["wrk", "-t1", "-c16", "-d3s", f"{url}/products"], capture_output=True, text=True, check=True)
    after = os.times()
    [requests] = [int(line.split()[0]) for line in done.stdout.splitlines() if " requests in " in line]
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return used / requests * 1e6


def _cost(url: str, rounds: int, locust: str | None) -> None:
    ways: dict[str, Callable[[], float]] = {
        "ours, spans off": lambda: _ours(url, _RATE, _SECONDS, **_UNTRACED)["us"],
        "ours, spans on": lambda: _ours(url, _RATE, _SECONDS, OTEL_EXPORTER_OTLP_ENDPOINT=url)["us"],
    }
    if locust:
        ways["Locust FastHttpUser"] = lambda: _locust(locust, url, _RATE, _SECONDS, 20)["us"]
    if shutil.which("wrk"):
        ways["wrk (products only)"] = lambda: _wrk(url)
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            taken[name].append(way())
    for name, values in taken.items():
        print(f"cost    {name:22}{_spread(values)} us a request", flush=True)
    if locust:
        off, other = taken["ours, spans off"], taken["Locust FastHttpUser"]
        print(f"cost    ours, spans off, to Locust's: x{_spread([a / b for a, b in zip(off, other, strict=True)], 2)}")


def _held(url: str, rounds: int) -> None:
    found = [_ours(url, 2_000, 5, **_UNTRACED) for _ in range(rounds)]
    print(f"held    {_spread([each['rate'] for each in found])} /s, of 2000")
    failed = sum(each["failed"] for each in found)
    print(f"held    {_spread([each['late'] for each in found], 1)} ms late at p99; {failed} failed", flush=True)


def _freeze(url: str, server: subprocess.Popen[bytes], locust: str | None) -> None:
    def told(name: str, run: Callable[[], dict[str, Any]]) -> None:
        with _freezing(server) as freezes:
            found = run()
        implied = _implied(freezes, found["start"], found["end"])
        figures = ", ".join(
            f"p{each} {found[f'p{each}']:.0f} ms (implied {percentile(implied, each):.0f})" for each in (75, 90)
        )
        print(f"freeze  {name:22}{figures}", flush=True)

    told("ours", lambda: _ours(url, 200, 30, **_UNTRACED))
    if locust:
        told("Locust FastHttpUser", lambda: _locust(locust, url, 200, 30, 20))


def _implied(freezes: list[tuple[float, float]], began: float, ended: float) -> list[float]:
    """Latencies in ms that a schedule of 1,000 a second would have had: until the thaw, or nothing."""
    moments = [began + number / 1_000 for number in range(int((ended - began) * 1_000))]
    return [max((thaw - at for frost, thaw in freezes if frost <= at < thaw), default=0.0) * 1_000 for at in moments]


@contextmanager
def _freezing(server: subprocess.Popen[bytes]) -> Iterator[list[tuple[float, float]]]:
    """Stop the server for a second, again and again; when it stood still."""
    freezes: list[tuple[float, float]] = []
    over = threading.Event()

    def freeze() -> None:
        while not over.wait(_EVERY - _FROZEN):
            server.send_signal(signal.SIGSTOP)
            frost = time.time()
            time.sleep(_FROZEN)
            server.send_signal(signal.SIGCONT)
            freezes.append((frost, time.time()))

    thread = threading.Thread(target=freeze)
    thread.start()
    try:
        yield freezes
    finally:
        over.set()
        thread.join()


@contextmanager
def _server() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    [port] = free_ports(1)
    with subprocess.Popen([sys.executable, "-P", "-m", "tests.bench.trivial", str(port)]) as server:
        if hasattr(os, "sched_setaffinity") and len(cores := sorted(os.sched_getaffinity(0))) > 1:
            os.sched_setaffinity(server.pid, {cores[-1]})
            os.sched_setaffinity(0, {cores[0]})  # the loads inherit it: one core, theirs alone
        try:
            wait_until(lambda: _connects(port), 10)
            yield f"http://127.0.0.1:{port}", server
        finally:
            server.kill()


def _connects(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _spread(values: list[float], digits: int = 0) -> str:
    return f"{statistics.median(values):.{digits}f} [{min(values):.{digits}f} to {max(values):.{digits}f}]"


if __name__ == "__main__":
    main()
