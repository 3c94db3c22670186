"""Reads the lessons: what each starts, sends, asks and changes is in its `lesson.toml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from lab.evaluation.trial import USUAL, Trial
from lab.options import WrongUse

FOLDER = Path(__file__).parent.parent / "lessons"
LANGUAGES = ("en", "ko")
Told = dict[str, str]  # a text by language


class Hidden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of load of its own, mostly with something wrong: what of the trial's fields differs from the usual.

    With an `environment` it has a shop of its own, which is started with that, and so is the load.
    """

    faults: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    percent: float = 30
    rate: float = 10
    seconds: tuple[float, float, float] = (6, 10, 0)
    mix: dict[str, float] = msgspec.field(default_factory=lambda: dict(USUAL))

    def trial(self, seed: int) -> Trial:
        """Make it a trial of the evaluation's kind."""
        return Trial(seed, self.faults, self.percent, rate=self.rate, seconds=self.seconds, mix=tuple(self.mix.items()))


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for under one key of the answers, in each language."""

    en: str
    ko: str


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One place of a file of the shop that the learner's copy has otherwise.

    `was` is the shop's own text, which occurs once; `begins` what the copy begins with, `solved` what solves it, the
    shop's own where that is left out.
    """

    file: str
    was: str
    begins: str
    solved: str | None = None


class Lesson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One lesson. `parts` hide faults, by name; `asks` names the answers; `changes` and `files/` make a copy of code.

    `kind` is what the learner does: look and answer, find what was hidden, or mend. `sends` is load without any fault.
    """

    number: Annotated[int, Meta(ge=1, le=99)]
    minutes: Annotated[int, Meta(ge=1, le=60)]
    kind: Literal["look", "find", "mend"]
    asks: dict[str, Question] = {}
    parts: dict[str, Hidden] = {}
    sends: float = 0  # seconds of ordinary load
    reads_logs: bool = False  # of the services
    changes: tuple[Change, ...] = ()
    says: dict[str, Told] = {}
    name: str = ""  # its folder's, filled in

    @property
    def folder(self) -> Path:
        """Where it is described."""
        return FOLDER / self.name

    @property
    def seconds(self) -> float:
        """How long its load takes, roughly."""
        starts = sum(4 for part in self.parts.values() if part.environment or part.trial(1).at_start)
        return self.sends + starts + sum(sum(part.seconds) + 3 for part in self.parts.values())

    @property
    def has_copy(self) -> bool:
        """Whether the learner gets code of their own."""
        return bool(self.changes) or (self.folder / "files").is_dir()

    @property
    def serves_copy(self) -> bool:
        """Whether a shop serves that code."""
        return self.has_copy and not self.parts


@cache
def lessons() -> dict[int, Lesson]:
    """Every lesson by its number, in order."""
    found = [read(file) for file in sorted(FOLDER.glob("*/lesson.toml"))]
    return {each.number: each for each in sorted(found, key=lambda each: each.number)}


def read(file: Path) -> Lesson:
    """Read one; WrongUse says where it is wrong."""
    try:
        lesson = msgspec.toml.decode(file.read_bytes(), type=Lesson)
    except (OSError, msgspec.MsgspecError) as error:
        raise WrongUse(f"{file}: {error}") from error
    return msgspec.structs.replace(lesson, name=file.parent.name)


def numbered(text: str) -> Lesson:
    """Find the lesson of a number as typed."""
    if text.isdecimal() and int(text) in lessons():
        return lessons()[int(text)]
    raise WrongUse(f"There is no lesson {text!r}; there are 1 to {max(lessons())} (tracelab learn list).")
