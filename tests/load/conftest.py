"""A tiny shop for each test, and an environment with nothing of the outside in it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from load.generator import drive
from load.scenario import Phase, Scenario
from load.schedule import plan
from tests.load.tiny_shop import TinyShop

MAIN = (
    "import argparse, sys\n"
    "from load import command\n"
    "parser = argparse.ArgumentParser()\n"
    "command.arguments(parser)\n"
    "try: sys.exit(command.run(parser.parse_args()))\n"
    "except Exception as error: print(error, file=sys.stderr); sys.exit(error.exit_code)\n"
)


@pytest.fixture
def shop(monkeypatch):
    """A running tiny shop that also takes the spans."""
    for name in list(os.environ):
        if name.startswith(("OTEL_", "TRACELAB_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    tiny = TinyShop()
    tiny.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", tiny.url)
    monkeypatch.setenv("TRACELAB_TARGET", tiny.url)
    yield tiny
    tiny.stop()


@pytest.fixture
def load(shop):
    """Drive one phase against the tiny shop: `load(seconds, rate, ...)` gives the Result."""

    def drive_one(seconds=0.25, rate=80, mix=None, *, seed=1, fault=None, percent=100, **options):
        phase = Phase(name="only", duration=f"{seconds}s", rate=rate, arrivals="constant", fault=fault, percent=percent)
        scenario = Scenario(phase=(phase,), mix=mix or {"POST /orders": 1})
        return asyncio.run(drive(plan(scenario, seed), shop.url, **options))

    return drive_one


@pytest.fixture
def start(shop, tmp_path):
    """Start the command as a process of its own: `start("steady", ..., NAME=value)`."""
    running = []

    def spawn(*arguments, stderr=subprocess.PIPE, **environment):
        process = subprocess.Popen(
            [sys.executable, "-c", MAIN, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
        running.append(process)
        return process

    yield spawn
    for process in running:
        process.kill()
        process.communicate()
