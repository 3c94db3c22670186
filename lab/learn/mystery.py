"""A round against the clock: a fault that nobody chose, the traces, and a card to share at the end."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
from rich.panel import Panel
from rich.text import Text as Plain

from lab import up
from lab.evaluation import draws
from lab.evaluation.trial import Trial
from lab.learn import elsewhere, finding, reporting, stage
from lab.learn.answers import FOUND
from lab.learn.here import Checked, NotUp
from lab.learn.remark import passed
from lab.learn.room import Room
from lab.learn.seat import MOST_SEED, Seat
from lab.learn.truth import Truth
from lab.options import WrongUse
from load.catalogue import catalogue

_NUMBER = 0  # where a lesson has its number
_PART = "round"
_PLAIN = ("latency", "error", "slow-query", "exception", "slow-dependency", "n-plus-one", "service-down")
_UNFAIR = ("declined", "metastable", "sampling-hides-error")  # business, minutes long, and the load's own doing
_STARTING = 6
_DAY = 86_400  # seconds, the longest that a board shows; clocks may be set back


class Round(msgspec.Struct):
    """How a round goes; times are Unix seconds. `ended` by an answer, or by giving up."""

    seed: int
    level: int
    began: float
    answers: dict[str, str] = {}
    tries: int = 0
    ended: float = 0
    solved: bool = False
    seat: Seat | None = None


def checked(seed: int) -> int:
    """Give a seed that can be played; WrongUse else."""
    if not 0 <= seed <= MOST_SEED:
        raise WrongUse(f"--seed {seed}: expected 0 to {MOST_SEED}.")
    return seed


def draw(seed: int, level: int) -> Trial:
    """Draw the fault of a round: a plain one, one that rides on requests, or any."""
    fair = {name: fault for name, fault in catalogue().items() if name not in _UNFAIR}
    among = {1: list(_PLAIN), 2: [name for name, fault in fair.items() if fault.scope == "request"], 3: list(fair)}
    return draws.one_of(seed, among[level])


def is_on() -> bool:
    """Whether a round has begun and was not ended."""
    found = _read()
    return found is not None and not found.ended


def give_up() -> None:
    """End the round, unsolved."""
    if found := _read():
        found.ended = time.time()
        _write(found)


def round_(room: Room, rest: Sequence[str]) -> int:
    """Play a round."""
    if rest:
        raise WrongUse(f"{rest[0]!r}: expected --seed N and --level 1, 2 or 3, or nothing.")
    seed, level, seat = _seated(room)
    trial = draw(seed, level)
    if trial.at_start and elsewhere.is_there():
        raise WrongUse(room.words("needs_own_round"))
    seconds = _STARTING + sum(trial.seconds) + (4 if trial.at_start else 0)
    room.say("mystery_starts", seed=seed, level=level, seconds=f"{seconds:.0f}")
    with ExitStack() as scene:
        with room.waiting(seconds):
            shop = scene.enter_context(stage.played(stage.folder(_NUMBER), {_PART: trial}, room.options, up.tell))
        _write(Round(seed, level, time.time(), seat=seat))
        room.say("mystery_ready", traces=elsewhere.pages(shop))
        if room.is_asking:
            _ask(room)
        else:
            room.say("mystery_elsewhere")
            shop.wait()
    return 0


def _seated(room: Room) -> tuple[int, int, Seat | None]:
    """Which round to play, and where to report: that of a board where one is named, else one's own."""
    seed = checked(random.randint(1, MOST_SEED) if room.seed is None else room.seed)  # noqa: S311 - no secret
    seat = room.seat
    if seat is None:
        return seed, room.level, None
    try:
        playing = reporting.playing(seat.board, seat.code)
    except reporting.Absent as absent:
        room.say("board_absent", board=seat.board, trouble=absent)
        return seed, room.level, None
    return playing.seed, playing.level, seat


def answered(room: Room, texts: Sequence[str]) -> int:
    """Grade answers, those given before among them, and end the round where all are right."""
    found = _read()
    if found is None or found.ended:
        raise NotUp(room.words("mystery_none"))
    given = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or key not in FOUND:
            raise WrongUse(f"{text!r}: expected KEY=VALUE with {', '.join(FOUND)}.")
        given[key] = value.strip()
    found.answers |= given
    found.tries += 1
    remarks = tuple(finding.check(_truths(found), found.answers, room.words))
    found.solved = passed(remarks)
    found.ended = time.time() if found.solved else 0
    _write(found)
    room.told(Checked(remarks))
    if found.seat:
        _report(room, found, found.seat, sum(remark.fine for remark in remarks))
    if not found.solved:
        room.say("mystery_not_yet")
        return 1
    _card(room, found)
    return 0


def _report(room: Room, found: Round, seat: Seat, right: int) -> None:
    """Tell the board; the round goes on where that cannot be."""
    score = {
        "code": seat.code,
        "who": seat.who,
        "name": seat.name,
        "seed": found.seed,
        "level": found.level,
        "solved": found.solved,
        "seconds": min(max(round((found.ended or time.time()) - found.began, 1), 0), _DAY),
        "tries": min(found.tries, 999),
        "right": right,
    }
    try:
        room.say("board_shows", name=reporting.report(seat.board, score))
    except reporting.Refused as refused:
        room.say("board_refuses", said=refused)
    except reporting.Absent as absent:
        room.say("board_absent", board=seat.board, trouble=absent)


def _ask(room: Room) -> None:
    """Ask on this terminal until the round is over; an empty answer keeps what was said before."""
    while is_on():
        typed = []
        for key in FOUND:
            said = room.ask(room.words(f"explain_{key}"), key)
            typed += [f"{key}={said}"] if said else []
        if is_on():  # it may have been answered elsewhere meanwhile
            answered(room, typed)


def _truths(found: Round) -> dict[str, Truth]:
    return {_PART: Truth(stage.folder(_NUMBER) / _PART, draw(found.seed, found.level).faults[0])}


def _card(room: Room, found: Round) -> None:
    """What to share: it names neither the service nor the fault."""
    minutes, seconds = divmod(round(found.ended - found.began), 60)
    lines = [
        room.words("card_solved", minutes=minutes, seconds=f"{seconds:02}", tries=found.tries),
        room.words("card_again", seed=found.seed, level=found.level),
    ]
    title = f"tracelab · mystery {found.seed} · level {found.level}"
    room.console.print(Panel(Plain("\n".join(lines)), title=title, expand=False, padding=(1, 2)))


def _file() -> Path:
    return stage.folder(_NUMBER) / "round.json"


def _read() -> Round | None:
    try:
        return msgspec.json.decode(_file().read_bytes(), type=Round)
    except (OSError, msgspec.MsgspecError):
        return None


def _write(found: Round) -> None:
    _file().write_bytes(msgspec.json.encode(found))
