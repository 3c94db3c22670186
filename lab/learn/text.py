"""A lesson's text: Markdown with one title and sections in a fixed order, headed alike in all lessons."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.learn.lesson import Lesson
from lab.options import WrongUse

HEADINGS = {
    "en": ("Steps", "Where to click", "Hint 1", "Hint 2", "Hint 3", "Solution", "What you learnt", "Next"),
    "ko": ("따라 하기", "어디를 누르나", "힌트 1", "힌트 2", "힌트 3", "풀이", "배운 것", "다음"),
}
TOOLS = ("Jaeger", "Zipkin", "tracelab")
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_TOOL = re.compile(r"^### (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Text:
    """One lesson in one language, each section as Markdown without its heading; `clicks` by backend."""

    title: str
    goal: str
    steps: str
    clicks: Mapping[str, str]
    hints: tuple[str, str, str]
    solution: str
    learnt: str
    next: str


def read(lesson: Lesson, language: str) -> Text:
    """Read it; WrongUse where a section is missing or out of order."""
    file = lesson.folder / f"{language}.md"
    return parsed(file.read_text(encoding="utf-8"), language, file)


def parsed(text: str, language: str, file: Path) -> Text:
    """Take it apart."""
    top, *rest = _SECTION.split(text)
    title, _, goal = top.strip().partition("\n")
    headings, bodies = tuple(rest[::2]), [body.strip() for body in rest[1::2]]
    if headings != HEADINGS[language] or not title.startswith("# ") or not all((goal.strip(), *bodies)):
        wanted = ", ".join(HEADINGS[language])
        raise WrongUse(
            f"{file}: expected a title, a goal and the sections {wanted}, in this order, none of them empty."
        )
    steps, click, one, two, three, solution, learnt, last = bodies
    _, *tools = _TOOL.split(click)
    if tuple(tools[::2]) != TOOLS:
        raise WrongUse(f"{file}: expected {headings[1]!r} to have {', '.join(TOOLS)}, in this order.")
    clicks = dict(zip(TOOLS, (body.strip() for body in tools[1::2]), strict=True))
    return Text(title[2:], goal.strip(), steps, clicks, (one, two, three), solution, learnt, last)
