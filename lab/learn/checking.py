"""Checks one lesson: what was found, what was answered, or what was mended; and keeps the score."""

from __future__ import annotations

import importlib
import time
from types import ModuleType
from typing import Protocol, cast

from lab.learn import answers, evidence, finding, progress, stage, workplace
from lab.learn.here import Checked, Here, NotUp
from lab.learn.lesson import Lesson
from lab.learn.remark import passed
from lab.learn.words import Words


class Checks(Protocol):
    """What a lesson's own `check.py` has."""

    def check(self, here: Here) -> Checked:
        """Look, and say what was seen."""
        ...

    def solve(self, here: Here) -> dict[str, str]:
        """The right answers, read from what really happened; none where nothing is asked."""
        ...


def check(lesson: Lesson, words: Words, given: dict[str, str] | None = None) -> Checked:
    """Check the answers given, else those in the file, else the code; NotUp where the lesson was not begun."""
    told = answers.read(workplace.folder(lesson), lesson) if given is None else given
    here = Here(lesson, words, told)
    if lesson.kind == "find":
        return _found(here)
    if lesson.kind == "look" and not told:
        return Checked(tuple(here.missing(key) for key in lesson.asks))
    return own(lesson).check(here)


def note(lesson: Lesson, checked: Checked) -> bool:
    """Count the try, and tell whether the lesson is solved by it."""
    kept = progress.read()
    done = kept.of(lesson.number)
    solved = passed(checked.remarks)
    done.tries += 1
    if solved and done.state != "solved":
        done.state, done.ended = "solved", time.time()
    progress.write(kept)
    return solved


def solve(lesson: Lesson, words: Words) -> dict[str, str]:
    """The right answers; NotUp where the lesson was not begun."""
    if lesson.kind == "find":
        truths = stage.truths(lesson)
        if not truths:
            raise NotUp(words("not_begun", number=lesson.number))
        return finding.solve(truths)
    return own(lesson).solve(Here(lesson, words, {}))


def own(lesson: Lesson) -> Checks:
    """The lesson's own check."""
    module: ModuleType = importlib.import_module(f"lab.lessons.{lesson.name}.check")
    return cast(Checks, module)


def _found(here: Here) -> Checked:
    truths = stage.truths(here.lesson)
    if not truths:
        raise NotUp(here.words("not_begun", number=here.lesson.number))
    remarks = tuple(finding.check(truths, here.answers, here.words))
    if not passed(remarks):
        return Checked(remarks)
    part, truth = next(iter(truths.items()))
    shown = evidence.read(here.answers[f"{part}.evidence" if len(truths) > 1 else "evidence"])
    trace = truth.trace(shown.trace_id) if shown else None
    return Checked(remarks, trace, truth.spans(trace.trace_id) if trace else frozenset())
