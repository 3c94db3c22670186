"""`wheels/bundle.json`: which machines a bundle is complete for, and of which lock. The bootstrap reads it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from lab.bundle.target import SYSTEMS, Target

NAME = "bundle.json"


class Record(msgspec.Struct, frozen=True):
    """The lock's SHA-256 sum, and a list of Pythons for each system's name."""

    lock: str
    made_for: dict[str, list[str]]

    @property
    def targets(self) -> list[Target]:
        """The machines it is complete for, as far as they are known."""
        return [Target(name, python) for name in SYSTEMS for python in self.made_for.get(name, ())]


def read(wheels: Path) -> Record | None:
    """Read it; None where there is none, or none that makes sense."""
    try:
        return msgspec.json.decode((wheels / NAME).read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return None


def write(wheels: Path, lock: str, targets: Iterable[Target]) -> None:
    """Write it, at once or not at all."""
    made_for: dict[str, list[str]] = {}
    for target in targets:
        made_for.setdefault(target.system, []).append(target.python)
    unfinished = wheels / f"{NAME}.new"
    unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(Record(lock, made_for)), indent=1) + b"\n")
    unfinished.replace(wheels / NAME)
