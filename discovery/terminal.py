"""Text in a terminal's cells: what the output can show, and how wide it is there."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters that drawings are made of, each one cell wide."""

    on_path: str
    off_path: str
    tee: str
    elbow: str
    pipe: str
    dash: str
    error: str
    arrow: str
    ellipsis: str
    dot: str
    micro: str


UNICODE = Glyphs("█", "░", "├", "└", "│", "─", "✗", "↳", "…", "·", "µ")
ASCII = Glyphs("#", ".", "|", "`", "|", "-", "x", ">", "~", "-", "u")


def glyphs(charset: str) -> Glyphs:
    """Pick the characters that an encoding can spell: all of the nice ones, or plain ASCII."""
    try:
        "".join(getattr(UNICODE, name) for name in Glyphs.__slots__).encode(charset)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def printable(text: str, charset: str) -> str:
    """Replace what a terminal would obey rather than show, and what the encoding cannot spell."""
    shown = "".join("?" if unicodedata.category(each) in _UNSAFE else each for each in text)
    try:
        return shown.encode(charset, "replace").decode(charset)
    except LookupError:
        return shown.encode("ascii", "replace").decode("ascii")


def cells(text: str) -> int:
    """How many columns a terminal uses for a text: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(_cells(each) for each in text)


def fitted(text: str, width: int, ellipsis: str) -> str:
    """Cut or fill a text to exactly `width` columns; what is cut ends in the ellipsis."""
    used = cells(text)
    if used <= width:
        return text + " " * (width - used)
    kept, used = "", 0
    for each in text:
        if used + _cells(each) > width - 1:
            break
        kept += each
        used += _cells(each)
    return (kept + ellipsis if width > 0 else "") + " " * (width - 1 - used)


# Controls, surrogates, private and unassigned characters, and the invisible ones that turn the direction of writing
_UNSAFE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
