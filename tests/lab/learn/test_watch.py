"""`tracelab learn watch` in a terminal: it checks when something is saved, takes single keys, and gives all back."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.lab.conftest import descendants, gone
from tests.lab.learn.conftest import Learner
from tests.lab.learn.terminal import Terminal

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc, which only Linux has")

_WATCHING = "Watching "


@pytest.fixture
def watching(learner: Learner) -> Iterator[Terminal]:
    """A terminal in which lesson 1 is up and watched."""
    with closing(Terminal(learner, "learn", "watch", "1", "--lang", "en")) as terminal:
        terminal.wait_for("s left", _WATCHING, "q: quit.")
        yield terminal


def test_saving_checks_again(watching: Terminal, learner: Learner):
    """Each time that the answers are saved they are checked; what cannot be read is said, and the watch goes on."""
    sheet = learner.work / "01" / "answer.toml"
    begun = sheet.read_text(encoding="utf-8")
    sheet.write_text(begun.replace('services = ""', 'services = "7"'), encoding="utf-8")
    assert "✗" in watching.wait_for("Not yet.", _WATCHING)
    sheet.write_text("services = \n", encoding="utf-8")
    assert "Traceback" not in watching.wait_for("answer.toml: Invalid value", _WATCHING)
    right = [line.strip().partition(" = ") for line in learner.learn("solution").output.splitlines() if " = " in line]
    sheet.write_text("".join(f'{key} = "{value}"\n' for key, _, value in right), encoding="utf-8")
    watching.wait_for("Lesson 1 is solved.", _WATCHING)


def test_keys(watching: Terminal):
    """H gives one hint more each time, other keys do nothing, q ends everything; the terminal is as it was."""
    family = descendants(watching.process.pid)
    assert watching.modes != watching.before
    watching.press("h")
    watching.wait_for("Hint 1 of 3", "Another one")
    watching.press("x")
    watching.press("\x1b[A")
    watching.press("H")
    watching.wait_for("Hint 1 of 3", "Hint 2 of 3", "Another one")
    watching.press("q")
    assert watching.end() == 0
    assert watching.modes == watching.before
    assert gone(family, 20) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_is_given_back(watching: Terminal, number: int):
    """Ctrl-C, SIGTERM and the terminal's end stop everything, and leave the terminal as it was."""
    family = descendants(watching.process.pid)
    if number == signal.SIGINT:
        watching.press("\x03")
    else:
        watching.process.send_signal(number)
    assert watching.end() == 0
    assert watching.modes == watching.before
    assert gone(family, 20) == []
    assert "Traceback" not in watching.rest()


def test_a_lesson_that_is_up_elsewhere_is_only_watched(watching: Terminal, learner: Learner):
    """In a second terminal the same lesson is watched, not begun; q there ends the watch alone."""
    with closing(Terminal(learner, "learn", "watch", "1", "--lang", "en")) as second:
        assert "This starts the shop" not in second.wait_for(_WATCHING)
        second.press("q")
        assert second.end() == 0
    assert watching.process.poll() is None
    assert learner.learn("check", "services=7").code == 1


def test_next(watching: Terminal, learner: Learner):
    """N leaves the lesson as it is and begins the next one that is not over."""
    watching.press("n")
    watching.wait_for("2. ", "This starts the shop", _WATCHING)
    assert "begun" in learner.learn("list").text
    watching.press("q")
    assert watching.end() == 0
