"""How far a learner has come: one file beside their work, `work/progress.json`, which another machine reads too."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from lab import state
from lab.options import WrongUse


class Done(msgspec.Struct):
    """What became of one lesson: when it was begun and ended (Unix times), what was tried, how much was given away."""

    state: Literal["begun", "solved", "skipped"] = "begun"
    begun: float = 0
    ended: float = 0
    tries: int = 0
    hints: int = 0
    shown: bool = False  # whether the solution was looked at before


class Progress(msgspec.Struct):
    """All lessons that were begun, by number."""

    version: Literal[1] = 1
    language: str = ""
    current: int = 0  # the lesson begun last
    lessons: dict[int, Done] = {}

    def of(self, number: int) -> Done:
        """Give a lesson's entry, made where there is none."""
        return self.lessons.setdefault(number, Done(begun=time.time()))

    def is_over(self, number: int) -> bool:
        """Whether a lesson is solved or skipped."""
        return number in self.lessons and self.lessons[number].state != "begun"

    def is_solved(self, number: int) -> bool:
        """Whether a lesson is solved."""
        return number in self.lessons and self.lessons[number].state == "solved"


def folder() -> Path:
    """The learner's work; `TRACELAB_WORK` moves it."""
    return Path(os.environ.get("TRACELAB_WORK") or state.ROOT / "work").absolute()


def read() -> Progress:
    """Read the file, empty progress where there is none; a broken one is left as it is, and WrongUse says so."""
    file = folder() / "progress.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=Progress)
    except FileNotFoundError:
        return Progress()
    except (OSError, msgspec.MsgspecError) as error:
        raise WrongUse(f"{file}: {error}; mend it, or move it away to begin anew.") from None


def write(progress: Progress) -> None:
    """Write it, at once or not at all."""
    file = folder() / "progress.json"
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_name(f"progress.json.{os.getpid()}")
        unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(progress), indent=1) + b"\n")
        unfinished.replace(file)


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Write something of the learner's; WrongUse says what could not be written, and how to go elsewhere."""
    try:
        yield
    except OSError as error:
        where = error.filename or place
        raise WrongUse(f"{where}: {error.strerror}; set TRACELAB_WORK to a folder you may write.") from None
