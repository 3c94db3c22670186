"""The scores of one round: who may report, what is kept of it, and in which order it is shown."""

from __future__ import annotations

import hmac
import secrets
import time
import unicodedata
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from msgspec import Meta

_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is taken for another one
_CODE = 6
_LONGEST_NAME = 24
_MOST = 200  # learners
_WRONG, _WINDOW = 20, 60.0  # so many wrong codes in so many seconds


class Refused(Exception):
    """A report that is not taken, with the HTTP status to answer."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a learner's machine sends: `who` is a random number of that round, so that a name can be had once only."""

    code: Annotated[str, Meta(max_length=64)]
    who: Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
    name: Annotated[str, Meta(max_length=10_000)]
    solved: bool
    seconds: Annotated[float, Meta(ge=0, le=86_400)]
    tries: Annotated[int, Meta(ge=0, le=999)]
    right: Annotated[int, Meta(ge=0, le=4)]  # of service, operation, fault and evidence


@dataclass(frozen=True, slots=True)
class Score:
    """One line of the board."""

    name: str
    solved: bool
    seconds: float
    tries: int
    right: int


@dataclass
class Scores:
    """Everybody's, by `who`."""

    seed: int
    level: int
    code: str = field(default_factory=lambda: "".join(secrets.choice(_LETTERS) for _ in range(_CODE)))
    _by_who: dict[str, Score] = field(default_factory=dict)
    _wrong: list[float] = field(default_factory=list)

    def admit(self, code: str) -> None:
        """Let in whoever has the code; Refused else, and for a while nobody where many guess."""
        now = time.monotonic()
        self._wrong = [at for at in self._wrong if now - at < _WINDOW]
        if len(self._wrong) >= _WRONG:
            raise Refused(429, "Too many wrong codes; try again in a minute.")
        if not hmac.compare_digest(code.strip().upper().encode(), self.code.encode()):
            self._wrong.append(now)
            raise Refused(403, "This is not the board's code: six letters and digits, on the facilitator's screen.")

    def take(self, report: Report) -> Score:
        """Keep a report; what was solved stays solved."""
        self.admit(report.code)
        before = self._by_who.get(report.who)
        if before is None and len(self._by_who) >= _MOST:
            raise Refused(429, f"The board is full: {_MOST} learners.")
        name = before.name if before else self._unique(cleaned(report.name))
        score = Score(name, report.solved, report.seconds, report.tries, report.right)
        kept = before if before and before.solved else score
        self._by_who[report.who] = kept
        return kept

    def ranked(self) -> list[Score]:
        """Who has solved it, the fastest first; then who is nearest."""
        return sorted(self._by_who.values(), key=_rank)

    def _unique(self, name: str) -> str:
        """Number those who are called alike."""
        taken = {each.name for each in self._by_who.values()}
        number, found = 1, name
        while found in taken:
            number += 1
            found = f"{name} {number}"
        return found


def _rank(each: Score) -> tuple[bool, float, int, int, str]:
    return not each.solved, each.seconds if each.solved else 0, -each.right, each.tries, each.name


def cleaned(name: str) -> str:
    """Keep what can be read: no controls, no invisible ones that turn the direction of writing, so many at most."""
    shown = "".join(each for each in unicodedata.normalize("NFC", name) if unicodedata.category(each)[0] != "C")
    short = " ".join(shown.split())[:_LONGEST_NAME].strip()
    if not short:
        raise Refused(400, f"A name is needed: 1 to {_LONGEST_NAME} characters that can be seen.")
    return short
