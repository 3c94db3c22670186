"""What a check says: each thing that it looked at, whether it is as wanted, and in words what was seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing: `text` says what was seen, and where that is not fine, what was wanted."""

    fine: bool
    text: str


def passed(remarks: Iterable[Remark]) -> bool:
    """Whether a check, which says at least one thing, is passed."""
    told = list(remarks)
    return bool(told) and all(remark.fine for remark in told)
