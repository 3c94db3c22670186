"""Mystery rounds, played: what is right is graded right, what is wrong is not, and nothing tells before the end."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.evaluation.grade import NEXT_TO
from lab.evaluation.trial import name, service
from lab.learn import finding, mystery
from lab.learn.answers import FOUND
from lab.learn.remark import passed
from lab.learn.truth import Truth
from lab.learn.words import Words
from lab.options import SERVICES
from load.catalogue import catalogue
from tests.lab.conftest import descendants, gone
from tests.lab.learn.conftest import Learner
from tests.lab.learn.terminal import Terminal

READY = "Answer in a second terminal"
SEEDS = range(1, 11) if "CI" in os.environ else range(1, 2)
LEVELS = (1, 2, 3)
_PLENTY = 180  # seconds, for a shop that is started three times


@dataclass(frozen=True)
class Played:
    """A round that was played and not answered yet; its shop has ended."""

    learner: Learner
    seed: int
    level: int
    truth: Truth
    said: str  # what was printed until the clock ran

    @property
    def right(self) -> dict[str, str]:
        """The right answers."""
        return finding.solve({"round": self.truth})

    def judged(self, **changed: str) -> bool:
        """Whether the right answers pass, but for those given here."""
        return passed(finding.check({"round": self.truth}, {**self.right, **changed}, Words("en")))

    def answered(self, **answers: str) -> tuple[str, ...]:
        """The command that answers."""
        return ("check", *(f"{key}={value}" for key, value in answers.items()), "--lang", "en")


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed {seed}")
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Play a round to where its clock runs, and end its shop: answers are taken afterwards, too."""
    seed, level = request.param, LEVELS[request.param % len(LEVELS)]
    learner = Learner(tmp_path_factory.mktemp("mystery"))
    command = learner.begin("mystery", "--seed", str(seed), "--level", str(level), "--lang", "en")
    said = command.wait_for(READY, _PLENTY)
    family = descendants(command.process.pid)
    command.signal(signal.SIGINT)
    assert command.end() == 0
    assert gone(family, 20) == []
    folder = learner.state / "learn" / "00" / "round"
    yield Played(learner, seed, level, Truth(folder, mystery.draw(seed, level).faults[0]), said)
    learner.stop()


def test_a_round_can_be_drawn_again():
    """The same seed and level are the same round; a level's faults are its own, and none is unfair."""
    drawn = {level: [mystery.draw(seed, level).faults[0] for seed in range(200)] for level in LEVELS}
    assert drawn == {level: [mystery.draw(seed, level).faults[0] for seed in range(200)] for level in LEVELS}
    names = {level: {name(fault) for fault in faults} for level, faults in drawn.items()}
    assert len(names[1]) < len(names[2]) < len(names[3])
    assert names[2] <= {key for key, fault in catalogue().items() if fault.scope == "request"}
    assert not any("declined" in each for each in names.values())


def test_nothing_tells(played: Played):
    """Neither what is printed nor run.json names the fault; of the seed, that it is one."""
    run = json.loads((played.truth.folder / "run" / "run.json").read_text(encoding="utf-8"))
    for told in (played.said.partition("tracelab faults")[0], json.dumps(run)):
        assert played.truth.spelt not in told
        assert f"{played.truth.service}.{played.truth.fault}" not in told


def test_right_answers_are_right(played: Played):
    """With the trace in every form in which it can be pasted, a span of it beside it, and any case."""
    trace = played.truth.trace(played.truth.best)
    shows = [span for span in trace.spans if span.service in NEXT_TO[played.truth.service]]
    trace_id, span_id = trace.trace_id, shows[-1].span_id
    assert played.judged()
    assert played.judged(service=played.truth.service.upper(), fault=played.truth.fault.replace("-", " "))
    for evidence in (
        f"{trace_id}/{span_id}",
        f"http://127.0.0.1:16686/trace/{trace_id}?uiFind={span_id}",
        f"http://127.0.0.1:9411/zipkin/traces/{trace_id}",
        f"http://127.0.0.1:{played.learner.ports[-2]}/trace/{trace_id}?span={span_id}",
    ):
        assert played.judged(evidence=evidence), evidence


def test_each_wrong_answer_is_wrong(played: Played):
    """One wrong answer among right ones is enough, whichever it is, and whatever of the other services is named."""
    for other in {*SERVICES, "nobody", ""} - {played.truth.service}:
        assert not played.judged(service=other)
    assert not played.judged(operation="GET /nowhere")
    assert not played.judged(operation="")
    alike = {played.truth.fault, *catalogue()[played.truth.fault].alike}
    for other in {*catalogue(), "gremlins", ""} - alike:
        assert not played.judged(fault=other), other
    assert not played.judged(evidence="")
    assert not played.judged(evidence="the slow one")


def test_right_answers_with_wrong_evidence(played: Played):
    """A trace in which nothing is wrong, one of nobody's, a span that the trace has not, and one far from the fault."""
    healthy = [sample.trace.trace_id for sample in played.truth.case.healthy]
    assert healthy
    assert not any(played.judged(evidence=trace_id) for trace_id in healthy)
    assert not played.judged(evidence="4bf92f3577b34da6a3ce929d0e0e4736")
    assert not played.judged(evidence=f"{played.right['evidence']}/00f067aa0ba902b7")
    trace = played.truth.trace(played.truth.best)
    far = [span for span in trace.spans if span.service not in NEXT_TO[played.truth.service]]
    assert not any(played.judged(evidence=f"{trace.trace_id}/{span.span_id}") for span in far)


def test_a_round_from_its_start_to_its_card(played: Played):
    """As a learner meets it: find would end it, wrong answers do not, right ones do, once, with a card to share."""
    learner, right = played.learner, played.right
    file = learner.state / "learn" / "00" / "round.json"
    begun = file.read_bytes()
    run = str(played.truth.folder / "run")
    assert learner.run("find", "--run", run).is_a_sentence(2, "A mystery round is on", "--end-round")
    assert learner.learn("check", "--lang", "en").output.count("no answer yet") == len(FOUND) - 1
    assert learner.learn("check", "colour=red").is_a_sentence(2, "'colour=red': expected KEY=VALUE with service")
    assert learner.learn("check", "order").is_a_sentence(2, "'order': expected KEY=VALUE with service")
    wrong = learner.learn(*played.answered(**{**right, "evidence": played.truth.case.healthy[0].trace.trace_id}))
    assert wrong.code == 1
    assert "nothing is wrong in it" in wrong.text
    solved = learner.learn(*played.answered(evidence=right["evidence"]))  # what was right before is kept
    assert solved.code == 0
    card = solved.output.partition("╭")[2]
    assert f"mystery {played.seed} · level {played.level}" in card
    assert f"./tracelab learn mystery --seed {played.seed} --level {played.level}" in " ".join(card.split())
    assert played.truth.spelt not in card
    assert not {service(played.truth.spelt), name(played.truth.spelt)} & set(card.split())
    assert learner.learn(*played.answered(**right)).code == 4  # it is over: this is for the lesson that is on
    file.write_bytes(begun)
    ended = learner.run("find", "--end-round", "--backend", "http://127.0.0.1:9")
    assert ended.is_a_sentence(4, "127.0.0.1:9")
    assert json.loads(file.read_bytes())["ended"]
    assert "round" not in learner.run("find", "--backend", "http://127.0.0.1:9").output


@pytest.mark.skipif("CI" not in os.environ, reason="another half a minute, which is for CI")
@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_a_round_in_a_terminal(learner: Learner, key: str):
    """It asks there: nothing typed keeps what was said before, a wrong answer asks again, Ctrl-C and Ctrl-D end it."""
    with closing(Terminal(learner, "learn", "mystery", "--seed", "3", "--lang", "en")) as terminal:
        terminal.wait_for("s left", "The clock runs", "service: ", seconds=_PLENTY)
        family = descendants(terminal.process.pid)
        for answers in ("gremlin\n\n\n\n", "\n\n\n\n"):
            terminal.press(answers)
            terminal.wait_for("'gremlin' is none of", "Not yet; the clock runs.", "service: ")
        terminal.press(key)
        assert terminal.end() == 0
        assert "Traceback" not in terminal.rest()
        assert gone(family, 20) == []


def test_a_broken_round_is_no_round(learner: Learner):
    """What cannot be read, or is not there, is no round: find works, and answers go to the lesson."""
    folder: Path = learner.state / "learn" / "00"
    folder.mkdir(parents=True)
    (folder / "round.json").write_text("{", encoding="utf-8")
    learner.note(4)
    assert learner.learn("check", "service=order").is_a_sentence(4, "Lesson 4 has not begun")
    assert "round" not in learner.run("find", "--backend", "http://127.0.0.1:9").output
