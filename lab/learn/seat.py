"""A learner's place at a room's board."""

from __future__ import annotations

import msgspec


class Seat(msgspec.Struct, frozen=True):
    """A place at a room's board: its address and code, the learner's name, and a number that is theirs alone."""

    board: str
    code: str
    name: str
    who: str
