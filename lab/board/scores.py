"""The scores of one round: who may report, what is kept of it, and in which order it is shown."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from msgspec import Meta

from lab.learn.seat import LONGEST_NAME, Playing, readable

_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is taken for another one
_CODE = 6
_MOST = 200  # learners
_WRONG, _WINDOW = 20, 60.0  # so many wrong codes from one address in so many seconds


class Refused(Exception):
    """What is not let in or not taken, with the HTTP status to answer."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a learner's machine sends: `who` is a random number of that round, so that a name can be had once only."""

    code: Annotated[str, Meta(max_length=64)]
    who: Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
    name: str
    seed: int
    level: int
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

    @property
    def clock(self) -> str:
        """How long it took to solve it, in minutes and seconds; nothing where it is not solved."""
        minutes, seconds = divmod(round(self.seconds), 60)
        return f"{minutes}:{seconds:02}" if self.solved else ""


@dataclass
class Scores:
    """Everybody's, by `who`."""

    playing: Playing
    code: str = field(default_factory=lambda: "".join(secrets.choice(_LETTERS) for _ in range(_CODE)))
    _by_who: dict[str, Score] = field(default_factory=dict)
    _wrong: list[tuple[float, str]] = field(default_factory=list)  # when, and from which address

    def admit(self, code: str, client: str) -> None:
        """Let in who has the code; Refused else, and for a while whatever comes from an address that guesses."""
        now = time.monotonic()
        self._wrong = [(at, who) for at, who in self._wrong if now - at < _WINDOW]
        if sum(who == client for _, who in self._wrong) >= _WRONG:
            raise Refused(429, "Too many wrong codes; try again in a minute.")
        if not hmac.compare_digest(code.strip().upper().encode(), self.code.encode()):
            self._wrong.append((now, client))
            raise Refused(403, "This is not the board's code: six letters and digits, on the facilitator's screen.")

    def take(self, report: Report, client: str) -> Score:
        """Keep a report; what was solved stays solved. Refused for a wrong code, another round, or no name."""
        self.admit(report.code, client)
        seed, level = self.playing.seed, self.playing.level
        if (report.seed, report.level) != (seed, level):
            raise Refused(409, f"The board's round is another one by now: seed {seed}, level {level}.")
        before = self._by_who.get(report.who)
        if before is None and len(self._by_who) >= _MOST:
            raise Refused(409, f"The board is full: {_MOST} learners.")
        if before and before.solved:
            return before
        name = before.name if before else self._unique(report.name)
        score = Score(name, report.solved, report.seconds, report.tries, report.right)
        self._by_who[report.who] = score
        return score

    def ranked(self) -> list[Score]:
        """Who has solved it, the fastest first; then who is nearest."""
        return sorted(self._by_who.values(), key=_rank)

    def _unique(self, said: str) -> str:
        """Give a name that can be shown, numbered where it is taken; Refused where there is none."""
        name = readable(said)
        if not name:
            raise Refused(400, f"A name is needed: 1 to {LONGEST_NAME} characters that can be seen.")
        taken = {each.name.casefold() for each in self._by_who.values()}
        number, found = 1, name
        while found.casefold() in taken:
            number += 1
            end = f" {number}"
            found = name[: LONGEST_NAME - len(end)] + end
        return found


def _rank(each: Score) -> tuple[bool, float, int, int, str]:
    return not each.solved, each.seconds if each.solved else 0, -each.right, each.tries, each.name
