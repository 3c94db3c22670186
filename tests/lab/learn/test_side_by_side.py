"""A lesson that is up, what else is begun beside it by the same learner or another, and a machine without network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab.learn.conftest import READY, Done, Learner


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learner]:
    """A learner whose lesson 1 is up in another terminal."""
    learner = Learner(tmp_path_factory.mktemp("begun"))
    learner.begin("next", "1", "--lang", "en").wait_for(READY)
    yield learner
    learner.stop()


@pytest.mark.parametrize("verb", [("next",), ("next", "1"), ("next", "4"), ("mystery",)], ids=" ".join)
def test_a_second_one_beside_it(begun: Learner, verb: tuple[str, ...]):
    """Somebody's shop is up: the sentence says whose process; that lesson and its traces stay as they were."""
    before = begun.files()
    assert begun.learn(*verb).is_a_sentence(2, "A shop is already up here (pid ")
    assert begun.files() == before
    assert _solved(begun).code == 0


def test_a_mark_that_a_crash_left(begun: Learner):
    """A lesson whose process was killed is not up because another one is."""
    crashed = begun.state / "learn" / "04"
    crashed.mkdir()
    (crashed / "up").write_text("1", encoding="ascii")
    assert begun.learn("watch", "4").is_a_sentence(2, "A shop is already up here")


def test_answering_twice(begun: Learner):
    """A lesson that was solved is solved still, and says so; a wrong answer afterwards takes nothing away."""
    assert _solved(begun).code == 0
    assert "was solved before" in _solved(begun).text
    assert begun.learn("check", "services=7").code == 1
    assert "solved" in begun.learn("list").text
    assert _solved(begun).code == 0


def test_another_learner_with_the_same_ports(begun: Learner, another: Callable[..., Learner]):
    """Two people on one machine: the second one is told who has the ports, and how to move; the first goes on."""
    second = another(begun.offset)
    assert second.learn("next", "1").is_a_sentence(2, f"{begun.ports[0]} is taken by", "--port-offset")
    assert _solved(begun).code == 0


def test_another_learner_with_ports_of_their_own(begun: Learner, another: Callable[..., Learner]):
    """Two people on one machine with folders and ports of their own: both solve, and neither has the other's trace."""
    second = another()
    second.begin("next", "1", "--lang", "en").wait_for(READY)
    solved = _solved(second)
    assert solved.code == 0
    [trace, *_] = [line.split()[-1] for line in second.learn("solution").output.splitlines() if " trace = " in line]
    assert f"trace {trace} is not in the backend" in begun.learn("check", f"trace={trace}").text
    assert _solved(begun).code == 0


def test_begun_anew_while_it_is_up(begun: Learner):
    """Reset keeps the answers aside, and the lesson that is up can be answered at once."""
    assert _solved(begun).code == 0
    assert begun.learn("reset", "1").code == 0
    kept = [*begun.work.glob("01-*/answer.toml")]
    assert kept
    assert begun.learn("check", "1").code == 1
    assert _solved(begun).code == 0


def test_no_network(learner: Learner):
    """On a machine with nothing but itself, and proxies that lead nowhere, a lesson begins and is solved."""
    alone = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to make a network of its own, and ip")
    there = f"from {__name__} import without_network; without_network()"
    dead = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "ALL_PROXY"), "http://proxy.example:3128")
    done = subprocess.run(
        [*alone, sys.executable, "-c", there],
        env={**os.environ, **learner.environment, **dead, "HOME": str(learner.state), "FOLDER": str(learner.work)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def without_network() -> None:
    """Begin lesson 1 and solve it; run by the test above where there is no network."""
    learner = Learner(Path(os.environ["FOLDER"]), offset=0)
    learner.begin("next", "1", "--lang", "en").wait_for(READY)
    solved = _solved(learner)
    learner.stop()
    sys.exit(0 if solved.code == 0 else solved.output)


def _solved(learner: Learner) -> Done:
    """Check lesson 1 with the right answers."""
    told = [line.strip().partition(" = ") for line in learner.learn("solution", "1").output.splitlines()]
    right = [f"{key}={value}" for key, equals, value in told if equals and key.isidentifier()]
    return learner.learn("check", "1", *right, "--lang", "en")
