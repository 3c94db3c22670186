"""What the documents hold, as GitHub reads them: code blocks, commands, links, headings."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    file for pattern in ("README*.md", "docs/**/*.md", "lab/lessons/*/*.md") for file in ROOT.glob(pattern)
)
_FENCED = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^ {4}(\S.*)$", re.MULTILINE)
_COMMENT = re.compile(r"\s+# .*$")
_INLINE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"(\./tracelab|docker compose|make) ")
_LINK = re.compile(r"\[(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)


def text(file: Path) -> str:
    """Read it."""
    return file.read_text(encoding="utf-8")


def prose(file: Path) -> str:
    """Leave the fenced blocks out."""
    return _FENCED.sub("", text(file))


def blocks(file: Path) -> list[str]:
    """Give fenced blocks whole and indented ones line by line, without the comments, which are translated."""
    fenced = [found.group() for found in _FENCED.finditer(text(file))]
    return fenced + [_COMMENT.sub("", line) for line in _LINE.findall(prose(file))]


def commands(file: Path) -> set[str]:
    """Give what a reader may type: every line of an indented block, and the commands within the text."""
    inline = {code for code in _INLINE.findall(prose(file)) if _COMMAND.match(code)}
    return inline | {_COMMENT.sub("", line) for line in _LINE.findall(prose(file))}


def links(file: Path) -> list[str]:
    """Give the targets of links and pictures, in order."""
    return _LINK.findall(prose(file))


def headings(file: Path) -> list[str]:
    """Give the marks of the headings, in order: how deep each is."""
    return [marks for marks, _ in _HEADING.findall(prose(file))]


def anchors(file: Path) -> set[str]:
    """Give the names by which its headings are linked to: GitHub's rule, a number behind each repeated one."""
    found: list[str] = []
    for _, heading in _HEADING.findall(prose(file)):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        again = sum(one == name or re.fullmatch(rf"{re.escape(name)}-\d+", one) is not None for one in found)
        found.append(f"{name}-{again}" if again else name)
    return set(found)
