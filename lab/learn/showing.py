"""Shows a lesson: what it starts, its steps, the answers it asks for, and what a check made of them."""

from __future__ import annotations

from lab.learn import answers, checking, elsewhere, progress, workplace
from lab.learn.elsewhere import Scene, pages
from lab.learn.lesson import Lesson, lessons
from lab.learn.room import Room
from lab.plan import PORTS
from lab.tracing import OTLP_PORT, ZIPKIN_PORT

_STARTING = 4  # seconds until a shop is up, and what was sent is there
_CHECKING = 8  # seconds that a check takes which starts a shop of its own


def seconds(lesson: Lesson) -> float:
    """How long it takes until a lesson can begin."""
    return _STARTING + lesson.seconds


def introduce(room: Room, lesson: Lesson) -> None:
    """Say what a lesson is about, what it starts, and how long that takes."""
    text = room.text(lesson)
    room.show(f"# {lesson.number}. {text.title}\n\n{text.goal}")
    if elsewhere.is_there():
        room.say("joins", minutes=lesson.minutes, seconds=f"{seconds(lesson):.0f}")
        return
    offset = room.options.port_offset
    ports = [port + offset for port in (*PORTS.values(), ZIPKIN_PORT, OTLP_PORT)]
    sends = room.words("starts_and_sends" if lesson.seconds else "starts_only")
    room.say("starts", minutes=lesson.minutes, ports=_ranges(ports), sends=sends, seconds=f"{seconds(lesson):.0f}")


def steps(room: Room, lesson: Lesson, shop: Scene) -> None:
    """Show what to do, now that everything is up."""
    text = room.text(lesson)
    room.console.print()
    room.show(f"## {room.words('steps')}\n\n{text.steps}")
    make = {"jaeger": "Jaeger", "zipkin": "Zipkin"}.get(shop.tracing.make, "tracelab")
    room.show(f"## {room.words('click')}\n\n{text.clicks[make]}")
    room.plain(f"  {room.words('shop')}    {shop.url}/")
    room.plain(f"  {room.words('traces')}  {pages(shop)}/")
    if lesson.has_copy:
        room.say("copy_served" if lesson.serves_copy else "copy", folder=workplace.folder(lesson))
    if keys := answers.keys(lesson):
        example = " ".join(f"{key}=..." for key in keys[:4])
        room.say("ask", file=workplace.folder(lesson) / answers.NAME, example=example)
    elif lesson.kind == "mend":
        room.say("ask_mended", seconds=_CHECKING)


def answer_sheet(room: Room, lesson: Lesson) -> None:
    """Write the file for the answers, with what was answered before."""
    place = workplace.folder(lesson)
    answers.write(place, lesson, answers.read(place, lesson), room.language, explained(room))


def explained(room: Room) -> dict[str, str]:
    """What is asked of whoever is to find a fault."""
    return {key: room.words(f"explain_{key}") for key in answers.FOUND}


def hint(room: Room, lesson: Lesson) -> None:
    """Give one more hint, after those that were given before."""
    kept = progress.read()
    done = kept.of(lesson.number)
    hints = room.text(lesson).hints
    done.hints = min(len(hints), done.hints + 1)
    progress.write(kept)
    for number, told in enumerate(hints[: done.hints], 1):
        room.say("hint", number=number, of=len(hints))
        room.show(told)
    room.say("hint_more" if done.hints < len(hints) else "hint_last")


def checked(room: Room, lesson: Lesson) -> bool:
    """Check, say what was seen, and after success why it was so."""
    runs_code = lesson.serves_copy
    if runs_code:
        room.say("checking", seconds=_CHECKING)
    with room.waiting(_CHECKING if runs_code else 1):
        found = checking.check(lesson, room.words_of(lesson))
    room.told(found)
    before = progress.read().is_solved(lesson.number)
    if not checking.note(lesson, found):
        room.say("not_yet")
        return False
    room.console.print()
    room.say("solved_again" if before else "solved", number=lesson.number)
    text = room.text(lesson)
    room.show(text.learnt)
    room.show(text.next)
    over = all(progress.read().is_over(number) for number in lessons())
    room.say("all_over" if over else "list_next")
    return True


def _ranges(ports: list[int]) -> str:
    """Write ports down, neighbours as a range."""
    told: list[list[int]] = []
    for port in sorted(ports):
        if told and port == told[-1][-1] + 1:
            told[-1].append(port)
        else:
            told.append([port])
    return ", ".join(f"{each[0]}-{each[-1]}" if len(each) > 1 else str(each[0]) for each in told)
