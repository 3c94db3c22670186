"""Ctrl-C at any moment: everything ends, nothing is left, and the lesson can begin again."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from lab import ports, state
from tests.lab.conftest import Command, descendants, gone
from tests.lab.learn.conftest import READY, Learner

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc, which only Linux has")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("moment", ["at once", "announced", "up", "sending", "ready"])
def test_the_end_at_any_moment(learner: Learner, moment: str, number: int):
    """Stopped while it begins, starts, sends or waits: exit code 0, no process is left, no port is held."""
    command = learner.begin("next", "1" if moment == "ready" else "4", "--lang", "en")
    _wait_until(learner, command, moment)
    family = descendants(command.process.pid)
    if number == signal.SIGINT:
        os.killpg(command.process.pid, number)  # as a terminal does
    else:
        command.signal(number)
    code = command.end()
    assert code in ((0, 130, -number) if moment == "at once" else (0,)), command.text()
    assert gone(family, 20) == []
    if moment != "at once":
        assert "Traceback" not in command.text()
        assert command.text().rstrip().endswith("stopped")
    assert [port for port in learner.ports if not ports.is_free(port)] == []
    state.must_be_free(learner.state)
    assert learner.learn("list").code == 0


def test_two_interrupts(learner: Learner):
    """Ctrl-C again while everything ends kills what is left; nothing is left, and there is no traceback."""
    command = learner.begin("next", "1", "--lang", "en")
    command.wait_for(READY)
    family = descendants(command.process.pid)
    for _ in range(3):
        if command.process.poll() is None:
            os.killpg(command.process.pid, signal.SIGINT)
    command.end()
    assert gone(family, 20) == []
    assert "Traceback" not in command.text()


def _wait_until(learner: Learner, command: Command, moment: str) -> None:
    """Wait for a moment in a lesson's beginning."""
    if moment == "announced":
        command.wait_for("This starts the shop")
    elif moment == "ready":
        command.wait_for(READY)
    elif moment in ("up", "sending"):
        wanted = learner.state / ("up.json" if moment == "up" else "learn/04/orders/run.toml")
        give_up = time.monotonic() + 60
        while not wanted.exists():
            assert command.process.poll() is None, command.text()
            assert time.monotonic() < give_up, command.text()
            time.sleep(0.01)
