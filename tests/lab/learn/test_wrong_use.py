"""Whatever a learner does wrong is met with a sentence that helps, and takes nothing from them."""

from __future__ import annotations

import socket

import pytest

from lab import state
from lab.learn import answers, workplace
from lab.learn.lesson import lessons
from tests.lab.learn.conftest import Learner

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
FOUND = ("service=order", "operation=POST /orders", "fault=latency", f"evidence={TRACE}")


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        (("check",), "Lesson 1 has not begun: ./tracelab learn next 1"),
        (("check", "4", *FOUND), "Lesson 4 has not begun: ./tracelab learn next 4"),
        (("hint",), "Lesson 1 has not begun"),
        (("hint", "4"), "Lesson 4 has not begun"),
        (("solution", "4"), "Lesson 4 has not begun"),
    ],
)
def test_nothing_has_begun(learner: Learner, verb: tuple[str, ...], said: str):
    """Who checks, or wants a hint, before the start is told how to start; exit code 4."""
    assert learner.learn(*verb, "--lang", "en").is_a_sentence(4, said)


@pytest.mark.parametrize("verb", ["check", "solution"])
@pytest.mark.parametrize("number", lessons())
def test_begun_but_never_up(learner: Learner, number: int, verb: str):
    """Begun and stopped before anything was sent: what needs its traces says how to get them; the rest says no more."""
    learner.note(number)
    typed = _typed(number) if verb == "check" else ()
    done = learner.learn(verb, str(number), *typed, "--lang", "en")
    if lessons()[number].parts or lessons()[number].kind == "look":
        assert done.is_a_sentence(4, f"./tracelab learn next {number}")
    elif verb == "solution":
        assert done.code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("next", "99"), "There is no lesson '99'; there are 1 to"),
        (("check", "four"), "There is no lesson 'four'"),
        (("hint", "-- -1"), "There is no lesson"),
        (("skip", "0"), "There is no lesson '0'"),
        (("reset", "²"), "There is no lesson '²'"),
        (("next", "1", "2"), "'2' is one argument too many"),
        (("list", "1"), "'1' is one argument too many"),
        (("check", "4", "colour=red"), "'colour=red': expected KEY=VALUE with service, operation, fault, evidence"),
        (("mystery", "now"), "'now': expected --seed N"),
        (("mystery", "--seed", "-1"), "--seed -1: expected 0 to"),
        (("next", "4", "--port-offset", "64000"), "choose a smaller --port-offset"),
    ],
)
def test_what_cannot_be(learner: Learner, arguments: tuple[str, ...], said: str):
    """Unknown lessons, keys and numbers: what is wrong and what was expected, exit code 2."""
    learner.note(4)
    before = (learner.work / "progress.json").read_bytes()
    assert learner.learn(*arguments).is_a_sentence(2, said)
    assert (learner.work / "progress.json").read_bytes() == before or arguments[0] == "next"


def test_an_answer_while_no_round_is_on(learner: Learner):
    """Answers of a round that is over, or never was, belong to the lesson that is on."""
    learner.note(4)
    assert learner.learn("check", *FOUND).is_a_sentence(4, "Lesson 4 has not begun")


@pytest.mark.parametrize("verb", ["list", "next", "check", "hint", "solution", "reset", "skip", "watch"])
def test_a_broken_progress_file(learner: Learner, verb: str):
    """Every verb names the file and what is wrong, and leaves it as it is."""
    learner.work.mkdir(parents=True)
    (learner.work / "progress.json").write_text('{"version": 1, "lessons": ', encoding="utf-8")
    assert learner.learn(verb, "--lang", "ko").is_a_sentence(2, "progress.json", "mend it, or move it away")
    assert (learner.work / "progress.json").read_text(encoding="utf-8") == '{"version": 1, "lessons": '


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("service = order\n", "Invalid value (at line 1"),
        ('service = "order"\nservice = "payment"\n', "answer.toml: Cannot overwrite a value"),
        ("[service]\nname = 'order'\n", "'service.name' is not asked"),
        ("service = ['order']\n", "service must be a text in quotes"),
        ("colour = 'red'\n", "'colour' is not asked; expected service, operation, fault, evidence"),
        ("\udcff", "answer.toml: 'utf-8' codec"),
    ],
)
@pytest.mark.parametrize("verb", [("check",), ("check", "service=order"), ("next", "4")], ids=" ".join)
def test_a_broken_answer_file(learner: Learner, written: str, said: str, verb: tuple[str, ...]):
    """Whoever reads it names it and the place in it; it stays as the learner left it, and no shop is started."""
    learner.note(4)
    file = learner.work / "04" / "answer.toml"
    file.parent.mkdir()
    file.write_text(written, encoding="utf-8", errors="surrogateescape")
    assert learner.learn(*verb, "--lang", "en").is_a_sentence(2, said)
    assert file.read_text(encoding="utf-8", errors="surrogateescape") == written


@pytest.mark.parametrize("verb", [("list", "--lang", "ko"), ("next", "1"), ("skip", "1")], ids=" ".join)
def test_a_work_folder_that_cannot_be_written(learner: Learner, verb: tuple[str, ...]):
    """A folder that nobody may write, root neither: where it is, and how to move it."""
    done = learner.learn(*verb, TRACELAB_WORK="/proc/work")
    assert done.is_a_sentence(2, "/proc/work", "set TRACELAB_WORK to a folder you may write")


@pytest.mark.parametrize("verb", [("next", "4"), ("check", "4", "service=order"), ("reset", "4")], ids=" ".join)
def test_a_lessons_folder_that_cannot_be_written(learner: Learner, verb: tuple[str, ...]):
    """A file where the lesson's folder should be: it is named, and stays."""
    learner.note(4)
    (learner.work / "04").write_text("notes", encoding="utf-8")
    done = learner.learn(*verb, "--lang", "en")
    if verb[0] == "reset":
        assert done.code == 0
        assert [file.read_text(encoding="utf-8") for file in learner.work.glob("04-*")] == ["notes"]
    else:
        assert done.is_a_sentence(2, str(learner.work / "04"))
        assert (learner.work / "04").read_text(encoding="utf-8") == "notes"


def test_a_port_that_is_taken(learner: Learner):
    """Which one, by whom, and the option that helps; nothing is left behind that says a shop is up."""
    with socket.create_server(("127.0.0.1", learner.ports[2])):
        done = learner.learn("next", "4")
    assert done.is_a_sentence(2, f"{learner.ports[2]} is taken by", "--port-offset")
    assert state.running(learner.state) is None


@pytest.mark.parametrize(
    ("path", "written", "said"),
    [
        ("settings.toml", "[payment\n", "settings.toml: Expected"),
        ("settings.toml", "[paiment]\nA = 'b'\n", "[paiment] is unknown"),
        (None, "\ndef broken(:\n", "line 2: invalid syntax"),
    ],
)
@pytest.mark.parametrize("verb", ["next", "check"])
def test_a_broken_copy(learner: Learner, path: str | None, written: str, said: str, verb: str):
    """Begun again, or checked, with a copy that cannot be served: the file and its line; it stays as it is."""
    lesson = next(lesson for lesson in lessons().values() if lesson.serves_copy)
    learner.note(lesson.number)
    path = path or next(iter(workplace.files(lesson)))
    file = learner.work / f"{lesson.number:02}" / path
    file.parent.mkdir(parents=True)
    file.write_text(written, encoding="utf-8")
    assert learner.learn(verb, str(lesson.number), "--lang", "en").is_a_sentence(2, file.name, said)
    assert file.read_text(encoding="utf-8") == written


def _typed(number: int) -> list[str]:
    """Answers of the right form, to all that is asked."""
    form = {"evidence": TRACE, "trace": TRACE}
    return [f"{key}={form.get(key.rpartition('.')[2], 'order')}" for key in answers.keys(lessons()[number])]
