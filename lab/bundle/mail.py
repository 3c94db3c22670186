"""What a facilitator sends to learners a week before, and the README.txt of a bundle: the same three commands."""

from __future__ import annotations

from pathlib import Path

from lab import demo
from lab.bundle.target import PYTHONS
from lab.learn.lesson import LANGUAGES

README = "README.txt"
DISK_MB = 250  # beside a bundle: .venv, the project, what the demo writes
_VALUES = {"oldest": PYTHONS[0], "newest": PYTHONS[-1], "disk": DISK_MB, "last_line": demo.DONE}


def mail(language: str) -> str:
    """The mail."""
    return _filled("mail", language)


def readme() -> str:
    """The README.txt, in every language."""
    return "\n\n".join(_filled("readme", language) for language in LANGUAGES)


def _filled(name: str, language: str) -> str:
    return Path(__file__).with_name(f"{name}.{language}.txt").read_text(encoding="utf-8").format_map(_VALUES)
