"""Watches a lesson: checks again whenever its folder changes; keys: h for a hint, n for the next one, q to end."""

from __future__ import annotations

from lab import saved
from lab.learn import showing, workplace
from lab.learn.keys import pressed
from lab.learn.lesson import Lesson
from lab.learn.room import Room

_LOOK = 0.5  # seconds between two looks


def until_over(room: Room, lesson: Lesson) -> bool:
    """Watch until the learner quits or goes on, and tell whether it was to go on."""
    place = workplace.folder(lesson)
    room.say("watching", folder=place)
    before = saved.stamp(place)
    with pressed() as keys:
        while (key := keys.read(_LOOK)) not in ("q", "n"):
            if key == "h":
                showing.hint(room, lesson)
            now = saved.stamp(place)
            if now != before:
                before = now
                _check(room, lesson)
                room.say("watching", folder=place)
    return key == "n"


def _check(room: Room, lesson: Lesson) -> None:
    """Check; what cannot be read yet is said, and the watch goes on."""
    try:
        showing.checked(room, lesson)
    except Exception as error:
        if not hasattr(error, "exit_code"):
            raise
        room.plain(str(error))
