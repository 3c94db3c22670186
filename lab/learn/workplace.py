"""A learner's copy, `work/NN/`: the answers, and the files of the shop that the lesson changes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from lab import state
from lab.learn import progress
from lab.learn.lesson import Change, Lesson


def folder(lesson: Lesson) -> Path:
    """Where a lesson's copy is."""
    return progress.folder() / f"{lesson.number:02}"


def files(lesson: Lesson, *, solved: bool = False) -> dict[str, str]:
    """Make the copy's files, by path: as they begin, or as they are solved."""
    found = {}
    extra = lesson.folder / ("solved" if solved else "files")
    for base in dict.fromkeys((lesson.folder / "files", extra)):
        for file in sorted(base.rglob("*")) if base.is_dir() else ():
            if file.is_file() and "__pycache__" not in file.parts:
                found[file.relative_to(base).as_posix()] = file.read_text(encoding="utf-8")
    for change in lesson.changes:
        text = found.get(change.file) or (state.ROOT / change.file).read_text(encoding="utf-8")
        found[change.file] = _changed(text, change, solved=solved)
    return found


def _changed(text: str, change: Change, *, solved: bool) -> str:
    """Put one place otherwise; the shop's text must be there, and once."""
    if text.count(change.was) != 1:
        raise ValueError(f"{change.file} holds {change.was!r} {text.count(change.was)} times, expected once")
    solution = change.was if change.solved is None else change.solved
    return text.replace(change.was, solution if solved else change.begins)


def lay_out(lesson: Lesson) -> Path:
    """Make what is missing of the copy, and leave what is there as it is."""
    return _write(lesson, {path: text for path, text in files(lesson).items() if not (folder(lesson) / path).exists()})


def solve(lesson: Lesson) -> Path:
    """Put the solution in place; what was there goes into a folder beside it."""
    keep(lesson)
    return _write(lesson, files(lesson, solved=True))


def keep(lesson: Lesson) -> Path | None:
    """Move the copy aside, since somebody wrote it."""
    there = folder(lesson)
    if not there.exists():
        return None
    kept = there.with_name(f"{there.name}-{time.strftime('%Y-%m-%d-%H%M%S')}")
    number = 1
    while kept.exists():
        number += 1
        kept = there.with_name(f"{kept.name.partition('.')[0]}.{number}")
    with progress.writing(there):
        shutil.move(there, kept)
    return kept


def is_untouched(lesson: Lesson) -> bool:
    """Whether the copy is as it began."""
    return all(
        (folder(lesson) / path).is_file() and (folder(lesson) / path).read_text(encoding="utf-8") == text
        for path, text in files(lesson).items()
    )


def _write(lesson: Lesson, texts: Mapping[str, str]) -> Path:
    there = folder(lesson)
    with progress.writing(there):
        there.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            (there / path).parent.mkdir(parents=True, exist_ok=True)
            (there / path).write_text(text, encoding="utf-8")
    return there
