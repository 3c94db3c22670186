"""What rich leaves to its user: the characters of drawings, what is safe to show, and the services' colours."""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions
from rich.style import Style

from discovery import palette


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters that drawings are made of, each one cell wide."""

    on_path: str
    off_path: str
    tee: str
    elbow: str
    pipe: str
    error: str
    arrow: str
    proof: str
    ellipsis: str
    dot: str
    micro: str


_UNICODE = Glyphs("█", "░", "├", "└", "│", "✗", "↳", "»", "…", "·", "µ")
_ASCII = Glyphs("#", ".", "|", "`", "|", "x", ">", "*", "~", "-", "u")

# The palette's colours as the pages have them on white, the blue lighter: each has a contrast of 3:1 at least with a
# white terminal and with a black one. A terminal of 16 colours has no orange beside its yellow.
_EXACT = ("#b87700", "#2f8fca", "#00855f", "#8c8100", "#1f6fd0", "#b5568a")
_NAMED = ("yellow", "cyan", "green", "yellow", "blue", "magenta")

# Controls, surrogates, private and unassigned characters, and the invisible ones that turn the direction of writing
_UNSAFE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def glyphs(options: ConsoleOptions) -> Glyphs:
    """Pick the characters that a console can spell: all of the nice ones, or plain ASCII."""
    return _ASCII if options.ascii_only else _UNICODE


def colours(console: Console) -> tuple[Style, ...]:
    """Return the style of each of the palette's numbers."""
    many = console.color_system in ("truecolor", "256")
    return tuple(Style(color=name) for name in (_EXACT if many else _NAMED)[: palette.COLOURS])


def printable(text: str, encoding: str = "") -> str:
    """Replace what a terminal would obey rather than show, and what the encoding (else standard output's) lacks."""
    if text.isascii() and text.isprintable():
        return text
    shown = "".join("?" if unicodedata.category(each) in _UNSAFE else each for each in text)
    known = encoding or sys.stdout.encoding or "ascii"
    return shown.encode(known, "replace").decode(known)


def cut(text: str, width: int, ellipsis: str) -> str:
    """Cut a text to at most `width` columns; what is cut ends in the ellipsis."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1) + ellipsis if width > 0 else ""


def fitted(text: str, width: int, ellipsis: str) -> str:
    """Cut or fill a text to exactly `width` columns."""
    return set_cell_size(cut(text, width, ellipsis), width)


def column(text: str, width: int) -> str:
    """Make a text of a span safe for standard output, and cut or fill it to exactly `width` columns."""
    return fitted(printable(text), width, "~")
