"""What can be set about a fault, as it is written in the fault's spelling: `300ms`, `503`, `20`, `16MB`, `5%`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import msgspec

from load import quantity

Kind = Literal["duration", "status", "count", "size", "percent"]


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A parameter's kind, default and bounds; `sets` says in a few words what it changes."""

    kind: Kind
    default: str
    least: str
    most: str
    sets: str

    def __post_init__(self) -> None:
        self.canonical(self.default)

    def canonical(self, text: str) -> str:
        """Rewrite a parameter in the services' spelling; ValueError where it is nonsense or out of bounds."""
        read = _READERS[self.kind]
        if not read(self.least) <= read(text) <= read(self.most):
            raise ValueError(f"{text!r} is not within {self.least}..{self.most}")
        return quantity.written(read(text)) if self.kind == "duration" else text


def _duration(text: str) -> float:
    """Milliseconds; a clock may also go behind."""
    return -quantity.milliseconds(text[1:]) if text.startswith("-") else quantity.milliseconds(text)


def _number(pattern: str, example: str) -> Callable[[str], float]:
    def read(text: str) -> float:
        match = re.fullmatch(pattern, text)
        if match is None:
            raise ValueError(f"{text!r} is not {example}")
        return float(match[1])

    return read


_READERS: dict[Kind, Callable[[str], float]] = {
    "duration": _duration,
    "status": _number("([0-9]{3})", "an HTTP status such as 503"),
    "count": _number("([0-9]{1,6})", "a whole number such as 20"),
    "size": _number("([0-9]{1,4})MB", "a size such as 16MB"),
    "percent": _number(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%", "a share such as 5%"),
}
