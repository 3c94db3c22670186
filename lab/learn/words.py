"""What the workshop says, in the learner's language: one file of sentences a language, the same names in each."""

from __future__ import annotations

import locale
import os
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from lab import up
from lab.learn.lesson import LANGUAGES, Lesson


class Words:
    """Gives sentences by name, filled in; those of a lesson's own check come first."""

    def __init__(self, language: str, lesson: Lesson | None = None) -> None:
        self.language = language
        own = {name: told[language] for name, told in lesson.says.items()} if lesson else {}
        self._sentences = {**sentences(language), **own}

    def __call__(self, name: str, /, **values: object) -> str:
        """Say one sentence; {me} is how the command is called here."""
        sentence: str = self._sentences[name]
        return sentence.format(me=up.command(), **values)


@cache
def sentences(language: str) -> Mapping[str, str]:
    """Read the sentences of a language."""
    found: dict[str, str] = tomllib.loads(Path(__file__).with_name(f"{language}.toml").read_text(encoding="utf-8"))
    return found


def chosen(asked: str | None, kept: str = "", environment: Mapping[str, str] | None = None) -> str:
    """Choose a language: the one asked for, else the one used before, else the system's, else English."""
    env = os.environ if environment is None else environment
    system = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := env.get(name))), None)
    if system is None and environment is None:
        system = locale.getlocale()[0]  # "Korean_Korea" on Windows
    found = (system or "")[:2].casefold()
    return asked or kept or (found if found in LANGUAGES else "en")
