"""A learner's place at a room's board, and the round that the room plays."""

from __future__ import annotations

import secrets
import unicodedata
from typing import Annotated

import msgspec
from msgspec import Meta

from lab.options import WrongUse

LONGEST_NAME = 24  # characters
MOST_SEED = 999_999
_BLANK = dict.fromkeys(map(ord, "\u115f\u1160\u2800\u3164\uffa0"))  # letters and signs that show nothing


class Playing(msgspec.Struct, frozen=True):
    """Which round a room plays."""

    seed: Annotated[int, Meta(ge=0, le=MOST_SEED)]
    level: Annotated[int, Meta(ge=1, le=3)]


class Seat(msgspec.Struct, frozen=True):
    """A place at a room's board: its address and code, the learner's name, and a number that is theirs alone."""

    board: str
    code: str
    name: str
    who: str


def taken(board: str | None, code: str | None, name: str | None) -> Seat | None:
    """Take a place where one is asked for; WrongUse where something of it is missing or cannot be."""
    if board is None and code is None and name is None:
        return None
    if not board or not code or name is None:
        raise WrongUse("A board wants all of --board ADDRESS, --code CODE and --name NAME.")
    if not board.startswith(("http://", "https://")):
        raise WrongUse(f"--board {board}: expected the address on the facilitator's screen, http://...")
    if not readable(name) or len(name) > LONGEST_NAME:
        raise WrongUse(f"--name: expected 1 to {LONGEST_NAME} characters that can be seen.")
    return Seat(board.rstrip("/"), code, readable(name), secrets.token_hex(8))


def readable(name: str) -> str:
    """Keep of a name what can be seen, on one line and cut to its length; nothing where there is no such thing.

    Controls go, and with them what turns the direction of writing and characters that Unicode has not assigned.
    """
    seen = "".join(each for each in unicodedata.normalize("NFC", name.translate(_BLANK)) if _kind(each) != "C")
    short = " ".join(seen.split())[:LONGEST_NAME].strip()
    return short if any(_kind(each) in "LNPS" for each in short) else ""


def _kind(character: str) -> str:
    """Give the first letter of its general category (Unicode 15, table 4-4)."""
    return unicodedata.category(character)[0]
