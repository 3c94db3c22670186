"""A learner's answers: `work/NN/answer.toml`, a line each, written by hand or by `tracelab learn check KEY=VALUE`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.learn import progress
from lab.learn.lesson import Lesson
from lab.options import WrongUse

NAME = "answer.toml"
FOUND = ("service", "operation", "fault", "evidence")  # what is asked of whoever is to find a fault


def keys(lesson: Lesson) -> tuple[str, ...]:
    """What is asked: the lesson's own questions, or of each part what is hidden there, `a.service` and so on."""
    if lesson.kind != "find":
        return tuple(lesson.asks)
    return tuple(f"{part}.{key}" if part else key for part in _parts(lesson) for key in FOUND)


def _parts(lesson: Lesson) -> tuple[str, ...]:
    """The prefixes of the answers to what is hidden; none is needed where it is one thing."""
    return ("",) if len(lesson.parts) == 1 else tuple(lesson.parts)


def read(folder: Path, lesson: Lesson) -> dict[str, str]:
    """Read the answers given so far, empty ones left out; WrongUse says what is wrong, and where."""
    file = folder / NAME
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise WrongUse(f'{file}: {error}; expected lines such as service = "order".') from None
    flat = dict(_flat(content, file))
    if strange := [key for key in flat if key not in keys(lesson)]:
        raise WrongUse(f"{file}: {strange[0]!r} is not asked; expected {', '.join(keys(lesson))}.")
    return {key: text.strip() for key, text in flat.items() if text.strip()}


def _flat(content: Mapping[str, object], file: Path, prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, dict) and not prefix:
            yield from _flat(value, file, f"{key}.")
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            yield f"{prefix}{key}", str(value)
        else:
            raise WrongUse(f'{file}: {prefix}{key} must be a text in quotes, such as "order".')


def typed(texts: Iterable[str], lesson: Lesson) -> dict[str, str]:
    """Read `KEY=VALUE` arguments."""
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or key not in keys(lesson):
            raise WrongUse(
                f"{text!r}: expected KEY=VALUE with {', '.join(keys(lesson)) or 'no key: nothing is asked'}."
            )
        found[key] = value.strip()
    return found


def write(folder: Path, lesson: Lesson, given: Mapping[str, str], language: str, explained: Mapping[str, str]) -> None:
    """Write all keys, each with what is asked above it, so that a person can fill in the rest."""
    lines: list[str] = []
    for key in keys(lesson):
        part, _, name = key.rpartition(".")
        if part and name == FOUND[0]:
            lines += ["", f"[{part}]"]
        question = lesson.asks.get(key)
        told = (question.ko if language == "ko" else question.en) if question else explained[name]
        lines += [f"# {told}", f"{name} = {json.dumps(given.get(key, ''), ensure_ascii=False)}"]
    with progress.writing(folder / NAME):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")
