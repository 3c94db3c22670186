"""Watches a lesson: checks again whenever its folder changes; keys: h for a hint, n for the next one, q to end."""

from __future__ import annotations

from pathlib import Path

from lab.learn import showing, workplace
from lab.learn.keys import pressed
from lab.learn.lesson import Lesson
from lab.learn.room import Room

_LOOK = 0.5  # seconds between two looks
Seen = dict[Path, tuple[int, int]]


def until_over(room: Room, lesson: Lesson) -> None:
    """Watch until the learner goes on or quits."""
    place = workplace.folder(lesson)
    room.say("watching", folder=place)
    before = _files(place)
    with pressed() as keys:
        while (key := keys.read(_LOOK)) not in ("q", "n"):
            if key == "h":
                showing.hint(room, lesson)
            now = _files(place)
            if now != before:
                before = now
                showing.checked(room, lesson)
                room.say("watching", folder=place)


def _files(place: Path) -> Seen:
    """What is there: times and sizes of all files, whoever writes them."""
    found: Seen = {}
    for file in place.rglob("*"):
        if "__pycache__" in file.parts or file.name.startswith(".") or file.name.endswith(("~", ".swp")):
            continue
        try:
            about = file.stat()
        except OSError:  # an editor that replaces files takes them away for a moment
            continue
        if file.is_file():
            found[file] = (about.st_mtime_ns, about.st_size)
    return found
