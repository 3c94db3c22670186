"""A real shop on free ports, and the tracelab command as a real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import ports
from lab.options import Options
from lab.shop import Shop

LAUNCHED_PORTS = [8080, 8081, 8082, 8083, 8084, 8132, 8133, 8182, 8183, 9411, 4318]


def free_offset() -> int:
    """A port offset at which a whole shop fits; somebody else's shop may be up on this machine."""
    return ports.free_offset(LAUNCHED_PORTS, range(2000 + os.getpid() % 50 * 10, 20000, 530))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with two payment services and the built-in backend; what it told is in `shop.told`."""
    told: list[str] = []
    options = Options(state=tmp_path_factory.mktemp("state"), port_offset=free_offset(), replicas={"payment": 2})
    with Shop(options, told.append) as running:
        running.told = told  # type: ignore[attr-defined]
        yield running


class Command:
    """One `tracelab ...` as a user's terminal starts it: in a session of its own, its output in a file."""

    def __init__(self, state: Path, *arguments: str, **environment: str) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self.output = state / "output.txt"
        with self.output.open("w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "lab.cli", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TRACELAB_STATE": str(state), "PYTHONUTF8": "1", **environment},
                start_new_session=True,
            )

    def text(self) -> str:
        """What it has printed."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, text: str, seconds: float = 30) -> str:
        """Wait until it has printed a text."""
        give_up = time.monotonic() + seconds
        while text not in self.text():
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.text()}"
            assert time.monotonic() < give_up, f"no {text!r} in:\n{self.text()}"
            time.sleep(0.02)
        return self.text()

    def signal(self, number: int) -> None:
        """Send it alone a signal."""
        self.process.send_signal(number)

    def end(self, seconds: float = 30) -> int:
        """Wait for its end."""
        return self.process.wait(seconds)


@pytest.fixture
def tracelab(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Start `tracelab ARGUMENTS` with a state folder of the test's own; what still runs at the end is stopped."""
    started: list[Command] = []

    def start(*arguments: str, state: Path = tmp_path / "state", **environment: str) -> Command:
        started.append(Command(state, *arguments, **environment))
        return started[-1]

    yield start
    for command in started:
        if command.process.poll() is None:
            command.signal(signal.SIGTERM)
            command.end()


def alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def gone(pids: list[int], seconds: float) -> list[int]:
    """Wait for processes to end; return those that have not."""
    give_up = time.monotonic() + seconds
    while (left := [pid for pid in pids if alive(pid)]) and time.monotonic() < give_up:
        time.sleep(0.02)
    return left


def descendants(pid: int) -> list[int]:
    """Every process below one, but not the one itself."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(status.parent.name)] = int(fields[1])
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sorted(family - {pid})
