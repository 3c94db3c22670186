"""Every lesson for real: unsolved it fails, solved it passes, its commands print what it says, and it leaves nothing.

A lesson is played once, from its start to its end, as a learner does in two terminals; the tests look at what was seen.
"""

from __future__ import annotations

import doctest
import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from discovery import client
from lab import orders, ports, state
from lab.learn import answers, workplace
from lab.learn.lesson import LANGUAGES, Lesson, lessons
from lab.learn.text import Text, read
from lab.options import SERVICES
from tests.lab.conftest import descendants, gone
from tests.lab.learn.conftest import READY, Done, Learner

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc, which only Linux has")

# One of each kind; the rest is for CI.
CHOSEN = [lesson for lesson in lessons().values() if "CI" in os.environ or lesson.number in (1, 4, 6)]

_PLENTY = 300  # seconds, on a machine with other work
_CONSOLE = re.compile(r"^ *```console\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_NOT_DONE = Done(-1, "")
_NOBODYS = "4bf92f3577b34da6a3ce929d0e0e4736"


@dataclass
class Played:
    """What was seen of one lesson."""

    lesson: Lesson
    begun: str = ""
    unsolved: Done = _NOT_DONE
    hints: list[Done] = field(default_factory=list)
    printed: list[tuple[str, str, str]] = field(default_factory=list)  # command, wanted, got
    solution: Done = _NOT_DONE
    right: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, Done] = field(default_factory=dict)
    solved: dict[str, Done] = field(default_factory=dict)
    reset: Done = _NOT_DONE
    kept: list[dict[str, str]] = field(default_factory=list)  # what reset put aside: texts by path
    anew: dict[str, str] = field(default_factory=dict)
    code: int = -1
    left: list[int] = field(default_factory=list)
    said: str = ""


@pytest.fixture(scope="module", params=CHOSEN, ids=lambda lesson: lesson.name)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Play a lesson through."""
    lesson: Lesson = request.param
    learner = Learner(tmp_path_factory.mktemp(lesson.name))
    try:
        yield _play(lesson, learner)
    finally:
        learner.stop()


def _play(lesson: Lesson, learner: Learner) -> Played:
    seen, text, number = Played(lesson), read(lesson, "en"), str(lesson.number)
    command = learner.begin("next", number, "--lang", "en")
    seen.begun = command.wait_for(READY, _PLENTY)
    seen.unsolved = learner.learn("check")
    seen.hints = [learner.learn("hint") for _ in range(4)]
    if lesson.kind == "mend":  # the steps are those of the copy as it begins
        seen.printed += _run(learner, _console(text, solved=False), _newest(learner))
    seen.solution = learner.learn("solution")
    told = (line.strip().partition(" = ") for line in seen.solution.output.splitlines())
    seen.right = {key: value for key, equals, value in told if equals and key in answers.keys(lesson)}
    if lesson.kind != "mend":
        seen.wrong = {key: learner.learn("check", *_typed(seen.right | {key: _wrong(key)})) for key in seen.right}
        seen.printed += _run(learner, _console(text, solved=False), _evidence(seen.right) or _newest(learner))
    seen.solved = {each: learner.learn("check", *_typed(seen.right), "--lang", each) for each in LANGUAGES}
    seen.printed += _run(learner, _console(text, solved=True), _evidence(seen.right) or _newest(learner))
    seen.reset = learner.learn("reset", "--lang", "en")
    seen.kept = [_texts(folder) for folder in sorted(learner.work.glob(f"{lesson.number:02}-*"))]
    seen.anew = _texts(learner.work / f"{lesson.number:02}")
    family = descendants(command.process.pid)
    command.signal(signal.SIGINT if lesson.number % 2 else signal.SIGTERM)
    seen.code = command.end()
    seen.left = [*gone(family, 20), *(port for port in learner.ports if not ports.is_free(port))]
    seen.said = command.text()
    return seen


def test_it_says_what_it_starts(played: Played):
    """Before anything is started: how long the lesson and its start take, and on which ports."""
    before = " ".join(played.begun.partition("What to do")[0].split())
    assert f"About {played.lesson.minutes} minutes. This starts the shop on this machine (ports " in before
    assert "and is ready in about " in before
    assert played.lesson.seconds <= 60


def test_unsolved_it_fails(played: Played):
    """A check before any answer: exit code 1, and a line for everything that is wanted, none of it right by chance."""
    assert played.unsolved.code == 1
    assert "Not yet." in played.unsolved.text
    assert sum(line.startswith("✗ ") for line in _remarks(played.unsolved)) >= max(1, len(answers.keys(played.lesson)))
    missing = [
        line for line in played.unsolved.output.splitlines() if "no answer yet" in line or "no trace yet" in line
    ]
    assert len(missing) == len(answers.keys(played.lesson)) or played.lesson.kind == "mend"


def test_hints_come_one_by_one(played: Played):
    """One more each time, three in all, those given before again; the last one says so."""
    text = read(played.lesson, "en")
    for number, done in enumerate(played.hints, 1):
        assert done.code == 0
        assert [f"Hint {each} of 3" in done.text for each in (1, 2, 3)] == [each <= number for each in (1, 2, 3)]
    assert played.hints[3] == played.hints[2]
    assert "solution" in played.hints[2].text
    assert "solution" not in played.hints[0].text.replace(" ".join(text.hints[0].split()), "")


def test_what_it_says_is_printed(played: Played):
    """Every command of the lesson prints what stands below it; `...` stands for what differs from run to run."""
    checker = doctest.OutputChecker()
    for command, wanted, got in played.printed:
        assert checker.check_output(wanted, got, doctest.ELLIPSIS), f"$ {command}\n{got}\n--- wanted:\n{wanted}"


def test_each_wrong_answer_fails(played: Played):
    """Right answers but for one: exit code 1, and the one is named."""
    for key, done in played.wrong.items():
        assert done.code == 1, key
        assert f"✗ {key}" in done.text.replace(": ", ".", 1) or f"✗ {key.replace('.', ': ')}" in done.text


def test_the_solution_passes(played: Played):
    """In both languages: exit code 0, nothing wrong, and why it was so; the second time that it was solved before."""
    assert played.solution.code == 0
    assert played.right.keys() == set(answers.keys(played.lesson))
    for language, done in played.solved.items():
        text = read(played.lesson, language)
        assert done.code == 0, done.output
        assert any(line.startswith("✔ ") for line in _remarks(done))
        assert not any(line.startswith("✗ ") for line in _remarks(done))
        assert _plain(text.learnt)[:40] in _plain(done.output)
        assert _plain(text.next)[-20:] in _plain(done.output)
    first, again = LANGUAGES
    assert f"Lesson {played.lesson.number} is solved." in played.solved[first].text
    assert f"레슨 {played.lesson.number}은(는) 이미 완료" in played.solved[again].text


def test_reset_restores(played: Played):
    """The copy is as it began, the answers are empty, and what was written is kept aside."""
    assert played.reset.code == 0
    begins = workplace.files(played.lesson)
    assert {path: text for path, text in played.anew.items() if path != answers.NAME} == begins
    sheet = played.anew.get(answers.NAME, "")
    assert not any(value and f'"{value}"' in sheet for value in played.right.values())
    if played.lesson.has_copy:
        assert any(begins.items() <= kept.items() for kept in played.kept)  # put aside by the solution
        assert any(workplace.files(played.lesson, solved=True).items() <= kept.items() for kept in played.kept)
    if played.right:
        assert any(
            all(f'"{value}"' in kept.get(answers.NAME, "") for value in played.right.values()) for kept in played.kept
        )
    assert played.kept or not (begins or played.right)


def test_nothing_is_left(played: Played):
    """Ctrl-C, or SIGTERM: exit code 0, every process has ended, every port is free, and nothing complained."""
    assert played.code == 0
    assert played.left == []
    assert "Traceback" not in played.said
    assert "died" not in played.said
    assert played.said.rstrip().endswith("stopped")


def _remarks(done: Done) -> list[str]:
    """What a check says, without the trace below it."""
    return done.output.partition("\n\n")[0].splitlines()


def _console(text: Text, *, solved: bool) -> list[tuple[str, str]]:
    """Give the commands of a text with what they print: those on the way, or those after the solution."""
    parts = [text.solution, text.learnt, text.next] if solved else [text.goal, text.steps, *text.clicks.values()]
    found = []
    for block in _CONSOLE.findall("\n".join(parts)):
        for piece in re.split(r"^ *\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, wanted = piece.partition("\n")
            found.append((command, wanted))
    return found


def _run(learner: Learner, commands: list[tuple[str, str]], trace_id: str) -> list[tuple[str, str, str]]:
    """Run commands; blanks at the ends of lines are nobody's, and ports are those of the lesson's text."""
    seen = []
    for command, wanted in commands:
        got = learner.shell(command.replace("TRACE_ID", trace_id)).output
        seen.append((command, _tidy(wanted.replace("TRACE_ID", trace_id)), _tidy(learner.as_written(got))))
    return seen


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.strip().splitlines()]
    margin = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return "\n".join(line[margin:] for line in lines) + "\n"


def _evidence(right: dict[str, str]) -> str:
    """The trace that a solution names."""
    return next((value for key, value in right.items() if key.rpartition(".")[2] in ("evidence", "trace")), "")


def _newest(learner: Learner) -> str:
    """The newest order's trace; where there is none, one is placed."""
    up = state.running(learner.state)
    assert up is not None
    backend, shop = client.probe(up.environment["TRACELAB_BACKEND"]), up.environment["TRACELAB_TARGET"]
    found = [trace for trace in client.latest(backend, "gateway") if "payment" in trace.services]
    if found:
        return max(found, key=lambda trace: trace.start).trace_id
    return client.read(backend, orders.buy(shop, orders.a_product(shop)).trace_id).trace_id


def _typed(given: dict[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in given.items()]


def _wrong(key: str) -> str:
    """An answer of the right form that is nobody's."""
    form = key.rpartition(".")[2]
    return {
        "service": SERVICES[0],
        "operation": "GET /nowhere",
        "fault": "declined",
        "evidence": _NOBODYS,
        "trace": _NOBODYS,
    }.get(form, "0")


def _texts(folder: Path) -> dict[str, str]:
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            found[file.relative_to(folder).as_posix()] = file.read_text(encoding="utf-8")
    return found


def _plain(text: str) -> str:
    """A text without Markdown's signs and without blanks, however it was wrapped."""
    return re.sub(r"[\s`*│]+", "", text)
