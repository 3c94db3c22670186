"""A learner: `tracelab learn` as real processes, with a state folder, work and ports of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.plan import PORTS
from lab.tracing import OTLP_PORT, ZIPKIN_PORT
from tests.lab.conftest import Command, free_offset

READY = "Stuck? In a second terminal"
_PORTS = (*PORTS.values(), ZIPKIN_PORT, OTLP_PORT)
_PLENTY = 300  # seconds, on a machine with other work


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed, errors included; `text` with any blanks as one."""

    code: int
    output: str

    @property
    def text(self) -> str:
        """The output on one line, however it was wrapped."""
        return " ".join(self.output.split())

    def is_a_sentence(self, code: int, *said: str) -> bool:
        """Whether it ended with that exit code and one sentence that says all this."""
        told = [line for line in self.output.splitlines() if line.startswith("tracelab: ")]
        failed = any(each in self.output for each in ("Traceback", "a bug of ours"))
        return self.code == code and len(told) == 1 and not failed and all(each in told[0] for each in said)


class Learner:
    """One who learns: two terminals at most, in one folder."""

    def __init__(self, folder: Path, offset: int | None = None) -> None:
        self.state, self.work = folder / "state", folder / "work"
        self.offset = free_offset() if offset is None else offset
        self._begun: list[Command] = []

    @property
    def environment(self) -> dict[str, str]:
        """What both terminals have set."""
        return {
            "TRACELAB_STATE": str(self.state),
            "TRACELAB_WORK": str(self.work),
            "TRACELAB_PORT_OFFSET": str(self.offset),
            "COLUMNS": "80",
            "LC_ALL": "C.UTF-8",
            "PYTHONUTF8": "1",
        }

    @property
    def ports(self) -> list[int]:
        """What a lesson's shop listens on."""
        return [port + self.offset for port in _PORTS]

    def begin(self, *arguments: str, **environment: str) -> Command:
        """Start `tracelab learn ARGUMENTS`, which stays."""
        self._begun.append(Command(self.state, "learn", *arguments, **{**self.environment, **environment}))
        return self._begun[-1]

    def learn(self, *arguments: str, **environment: str) -> Done:
        """Do `tracelab learn ARGUMENTS` to its end."""
        return self.run("learn", *arguments, **environment)

    def run(self, *arguments: str, **environment: str) -> Done:
        """Do `tracelab ARGUMENTS` to its end."""
        return self._done([sys.executable, "-P", "-m", "lab.cli", *arguments], environment)

    def shell(self, line: str) -> Done:
        """Do a line as it stands in a lesson, with this learner's ports and folder."""
        for port in _PORTS:
            line = line.replace(f"127.0.0.1:{port}", f"127.0.0.1:{port + self.offset}")
        line = line.replace(" .tracelab/", f" {self.state}/").replace("./tracelab", f"{sys.executable} -P -m lab.cli")
        return self._done(["bash", "-c", line], {})

    def as_written(self, printed: str) -> str:
        """Give what a command printed as it stands in a lesson, whose ports are the usual ones."""
        for port in _PORTS:
            printed = printed.replace(f"127.0.0.1:{port + self.offset}", f"127.0.0.1:{port}")
        return printed

    def note(self, number: int, state: str = "begun") -> None:
        """Write down that a lesson was begun, as `tracelab learn next` does."""
        self.work.mkdir(parents=True, exist_ok=True)
        kept = {"version": 1, "current": number, "lessons": {str(number): {"state": state, "begun": 1.0}}}
        (self.work / "progress.json").write_text(json.dumps(kept), encoding="utf-8")

    def files(self) -> set[str]:
        """What is kept of lessons, and how far they have come."""
        kept = {str(file) for place in (self.work, self.state / "learn") for file in place.rglob("*")}
        return kept | {(self.work / "progress.json").read_text(encoding="utf-8")}

    def stop(self) -> None:
        """Stop what is still up."""
        for command in self._begun:
            if command.process.poll() is None:
                command.signal(signal.SIGTERM)
                command.end()

    def _done(self, command: list[str], environment: Mapping[str, str]) -> Done:
        done = subprocess.run(
            command,
            env={**os.environ, **self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=_PLENTY,
            check=False,
        )
        return Done(done.returncode, done.stdout)


@pytest.fixture
def learner(tmp_path: Path) -> Iterator[Learner]:
    """A learner for one test."""
    learner = Learner(tmp_path)
    yield learner
    learner.stop()


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Callable[..., Learner]]:
    """Give further learners on the same machine."""
    learners: list[Learner] = []

    def one(offset: int | None = None) -> Learner:
        learners.append(Learner(tmp_path / f"another-{len(learners)}", offset))
        return learners[-1]

    yield one
    for learner in learners:
        learner.stop()
