"""One thing looked at, and how it is told to people."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

NAME_WIDTH = 8  # "services", "exporter"


class Stop(StrEnum):
    """A part of a trace's path, in its order."""

    SERVICE = "service"  # makes the spans
    EXPORTER = "exporter"  # sends them
    BACKEND = "backend"  # keeps them
    QUERY = "query"  # gives them back


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; `needed` tells a fault from a mere note.

    `mend` is a command to paste, given with everything that is not fine. `stops_at` is where a trace's path stops for
    this reason; `partly` where it stops for some spans only.
    """

    name: str
    fine: bool
    text: str
    needed: bool = True
    mend: str = ""
    stops_at: Stop | None = None
    partly: bool = False

    @property
    def wrong(self) -> bool:
        """Whether it is a fault."""
        return self.needed and not self.fine

    def told(self, width: int) -> str:
        """It in lines of so many columns; the command stays on one line, to be pasted."""
        mark = "ok" if self.fine else "wrong" if self.needed else "note"
        text = wrapped(self.text, width, first=f"{mark:5}  {self.name:{NAME_WIDTH}}  ")
        return f"{text}\n       mend: {self.mend}" if self.mend else text


def stopping(name: str, text: str, mend: str, stops_at: Stop, *, partly: bool = False) -> Check:
    """A fault at which the path stops."""
    return Check(name, fine=False, text=text, mend=mend, stops_at=stops_at, partly=partly)


def note(name: str, text: str, mend: str) -> Check:
    """Something that is not fine, and that nothing needed depends on."""
    return Check(name, fine=False, text=text, needed=False, mend=mend)


def listed(names: Sequence[str], one: str = "", several: str = "") -> str:
    """Names as one says them, and the verb that fits so many."""
    said = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"{said} {one if len(names) == 1 else several}".rstrip()


def wrapped(text: str, width: int, first: str = "") -> str:
    """A text in lines of so many columns, indented as deep as its beginning is long; addresses stay whole."""
    return textwrap.fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
