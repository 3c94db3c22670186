"""The `.tracelab` folder: where the shop keeps its data and logs, and how a second terminal finds a running shop."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Running:
    """A shop that is up: its launcher, and the environment in which other commands find it."""

    pid: int
    environment: Mapping[str, str]


class Taken(Exception):
    """Another launcher holds this state folder."""

    exit_code = 2


def folder() -> Path:
    """The state folder, absolute; `TRACELAB_STATE` moves it."""
    return Path(os.environ.get("TRACELAB_STATE") or ROOT / ".tracelab").absolute()


def logs(state: Path) -> Path:
    """Where each process writes `NAME.jsonl`."""
    return state / "logs"


def data(state: Path) -> Path:
    """Where the SQLite files are."""
    return state / "data"


def running(state: Path) -> Running | None:
    """The shop that is up and ready; None where none is, or where its launcher died without a farewell."""
    if not _held(state):
        return None
    return _read(state)


def must_be_free(state: Path) -> None:
    """Raise Taken where a launcher holds this folder: for whoever is about to change what that one reads."""
    if _held(state):
        raise _taken(state)


def announce(state: Path, environment: Mapping[str, str]) -> None:
    """Tell other terminals, at once or not at all."""
    text = json.dumps({"pid": os.getpid(), "environment": dict(environment)}, indent=1)
    unfinished = state / "up.json.new"
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(state / "up.json")


@contextmanager
def held(state: Path) -> Iterator[None]:
    """Be the only launcher of this folder. The system lets go of the lock however this process ends."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "up.lock").open("a+b") as file:
        for _ in range(10):  # a reader takes it for a moment
            if _lock(file):
                break
            time.sleep(0.05)
        else:
            raise _taken(state)
        (state / "up.json").unlink(missing_ok=True)
        try:
            yield
        finally:
            (state / "up.json").unlink(missing_ok=True)


def _taken(state: Path) -> Taken:
    other = _read(state)
    who = f" (pid {other.pid})" if other else ""
    return Taken(f"A shop is already up here{who}: use it, or stop it with Ctrl-C in its terminal.")


def _read(state: Path) -> Running | None:
    try:
        found = json.loads((state / "up.json").read_text(encoding="utf-8"))
        return Running(int(found["pid"]), {str(name): str(value) for name, value in found["environment"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _held(state: Path) -> bool:
    try:
        with (state / "up.lock").open("r+b") as file:
            return not _lock(file)
    except OSError:
        return False


def _lock(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
