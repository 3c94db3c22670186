"""What `tracelab learn VERB` does, a function each; every one returns the exit code."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from rich.table import Table

from lab import state, up
from lab.learn import answers, checking, elsewhere, mystery, progress, showing, stage, watching, workplace
from lab.learn.here import NotUp
from lab.learn.lesson import Lesson, lessons, numbered
from lab.learn.room import Room
from lab.options import WrongUse

_STATES = {"solved": "state_solved", "skipped": "state_skipped", "begun": "state_begun"}


def listed(room: Room, rest: Sequence[str]) -> int:
    """All lessons, and how far the learner has come."""
    _nothing(rest)
    kept = progress.read()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("column_number", "column_lesson", "column_minutes", "column_state"):
        table.add_column(room.words(name), justify="right" if name in ("column_number", "column_minutes") else "left")
    for number, lesson in lessons().items():
        done = kept.lessons.get(number)
        state = room.words(_STATES[done.state]) if done else ""
        table.add_row(str(number), room.text(lesson).title, str(lesson.minutes), state)
    room.console.print(table)
    room.console.print()
    room.say("list_next" if room.current() else "all_over")
    return 0


def begun(room: Room, rest: Sequence[str]) -> int:
    """Begin a lesson: say what it starts, start it, and stay until Ctrl-C."""
    _shown(room, _next(room, rest), watched=False)
    return 0


def watched(room: Room, rest: Sequence[str]) -> int:
    """The same, checking whenever something is saved; of a lesson that is up in another terminal, only that."""
    lesson: Lesson | None = _next(room, rest)
    while lesson:
        goes_on = watching.until_over(room, lesson) if stage.is_up(lesson) else _shown(room, lesson, watched=True)
        if not goes_on:
            return 0
        lesson = _after(lesson)
    room.say("all_over")
    return 0


def _shown(room: Room, lesson: Lesson, *, watched: bool) -> bool:
    """Show a lesson until it is left, and tell whether for the next one."""
    if elsewhere.is_there() and not elsewhere.suits(lesson):
        raise WrongUse(room.words("needs_own", number=lesson.number))
    state.must_be_free(room.options.state)  # before anything is noted that another terminal's check would go by
    if mystery.is_on():
        mystery.give_up()
        room.say("mystery_left")
    showing.introduce(room, lesson)
    kept = progress.read()
    kept.of(lesson.number)
    kept.current = lesson.number
    progress.write(kept)
    _lay_out(room, lesson)
    with ExitStack() as scene:
        with room.waiting(showing.seconds(lesson)):
            shop = scene.enter_context(stage.shown(lesson, room.options, up.tell))
        showing.steps(room, lesson, shop)
        if watched:
            return watching.until_over(room, lesson)
        room.say("stay")
        shop.wait()
    return False


def checked(room: Room, rest: Sequence[str]) -> int:
    """Check a lesson; answers given here are written into its file first."""
    typed = [text for text in rest if "=" in text]
    if mystery.is_on() and not any(text.isdecimal() for text in rest):
        return mystery.answered(room, rest)
    lesson = _meant(room, [text for text in rest if "=" not in text])
    _begun(room, lesson)
    place = workplace.folder(lesson)
    if typed:
        given = answers.read(place, lesson) | answers.typed(typed, lesson)
        answers.write(place, lesson, given, room.language, showing.explained(room))
    return 0 if showing.checked(room, lesson) else 1


def hinted(room: Room, rest: Sequence[str]) -> int:
    """The next of three hints, and those that were given before."""
    lesson = _meant(room, rest)
    _begun(room, lesson)
    showing.hint(room, lesson)
    return 0


def solved(room: Room, rest: Sequence[str]) -> int:
    """How a lesson is solved: the way, the right answers of this very run, and the files."""
    lesson = _meant(room, rest)
    _begun(room, lesson)
    kept = progress.read()
    done = kept.of(lesson.number)
    done.shown = done.shown or done.state != "solved"
    progress.write(kept)
    room.show(room.text(lesson).solution)
    for key, value in checking.solve(lesson, room.words_of(lesson)).items():
        room.plain(f"  {key} = {value}")
    if lesson.has_copy:
        place = workplace.folder(lesson)
        given = answers.read(place, lesson)
        kept_at = workplace.keep(lesson)
        workplace.solve(lesson)
        if given:
            answers.write(place, lesson, given, room.language, showing.explained(room))
        room.say("solution_files", folder=workplace.folder(lesson), kept=kept_at)
    return 0


def reset(room: Room, rest: Sequence[str]) -> int:
    """Begin a lesson anew; what was written is kept beside it."""
    lesson = _meant(room, rest)
    kept_at = workplace.keep(lesson)
    if kept_at:
        _lay_out(room, lesson)
    kept = progress.read()
    kept.lessons.pop(lesson.number, None)
    progress.write(kept)
    room.say("reset_kept" if kept_at else "reset_nothing", number=lesson.number, kept=kept_at)
    return 0


def skipped(room: Room, rest: Sequence[str]) -> int:
    """Leave a lesson for later."""
    lesson = _meant(room, rest)
    kept = progress.read()
    done = kept.of(lesson.number)
    if done.state != "solved":
        done.state, done.ended = "skipped", time.time()
    kept.current = 0
    progress.write(kept)
    room.say("skipped", number=lesson.number)
    room.say("list_next" if room.current() else "all_over")
    return 0


def _next(room: Room, rest: Sequence[str]) -> Lesson:
    if rest:
        return _meant(room, rest)
    lesson = room.current()
    if lesson is None:
        raise WrongUse(room.words("all_over"))
    return lesson


def _after(lesson: Lesson) -> Lesson | None:
    """The next lesson that is not over, from the first one on again after the last."""
    kept = progress.read()
    others = [each for each in lessons().values() if each != lesson and not kept.is_over(each.number)]
    return next((each for each in others if each.number > lesson.number), others[0] if others else None)


def _meant(room: Room, rest: Sequence[str]) -> Lesson:
    """The lesson of a number, else the one begun last, solved or not."""
    _nothing(rest[1:])
    if rest:
        return numbered(rest[0])
    kept = progress.read()
    return lessons().get(kept.current) or room.current() or lessons()[1]


def _lay_out(room: Room, lesson: Lesson) -> None:
    """Make what is missing of the learner's copy and of the sheet for the answers."""
    workplace.lay_out(lesson)
    if answers.keys(lesson):
        showing.answer_sheet(room, lesson)


def _begun(room: Room, lesson: Lesson) -> None:
    if lesson.number not in progress.read().lessons and not stage.is_up(lesson):  # after a reset it may be up
        raise NotUp(room.words("not_begun", number=lesson.number))


def _nothing(rest: Sequence[str]) -> None:
    if rest:
        raise WrongUse(f"{rest[0]!r} is one argument too many; expected the number of a lesson, or none.")


VERBS: dict[str, Callable[[Room, Sequence[str]], int]] = {
    "list": listed,
    "next": begun,
    "check": checked,
    "hint": hinted,
    "solution": solved,
    "reset": reset,
    "skip": skipped,
    "watch": watched,
    "mystery": mystery.round_,
}
