"""`tracelab evaluate`: trials drawn from a seed, run for real, and judged by traces alone."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.evaluation import draws, running
from lab.evaluation.report import interval
from lab.evaluation.trial import name
from load.catalogue import canonical, canonical_at_start, catalogue
from tests.lab.conftest import Command

Start = Callable[..., Command]

# Seeds of which most have a fault; a fresh clone's tests run one of them, the rest is for CI.
FIRST_SEED = 42
TRIALS = 10 if "CI" in os.environ else 1


def test_one_seed_one_trial():
    """The same seed draws the same trial, another one another; strengths are what the catalogue allows."""
    drawn = [draws.trial(seed) for seed in range(400)]
    assert drawn == [draws.trial(seed) for seed in range(400)]
    assert len({each.faults for each in drawn}) > 200
    for trial in drawn:
        for fault in trial.faults:
            spelt = canonical_at_start(fault) if fault in trial.at_start else canonical(fault)
            assert spelt.partition(":")[0] == fault.partition(":")[0]


def test_everything_is_drawn():
    """Every fault comes up, some trials have two and some none, and healthy ones are calm or busy or declined."""
    drawn = [draws.trial(seed) for seed in range(1000)]
    assert {name(fault) for trial in drawn for fault in trial.faults} == set(catalogue())
    assert {len(trial.faults) for trial in drawn} == {0, 1, 2}
    healthy = [trial for trial in drawn if trial.is_healthy]
    assert 100 < len(healthy) < 300
    assert {trial.busy for trial in healthy} == {True, False}
    assert {trial.faults for trial in healthy} == {(), ("payment.declined",)}


def test_the_catalogue_is_tried_whole():
    """Each fault in each of its services, at its default strength."""
    tried = [fault for trial in draws.defaults(1) for fault in trial.faults]
    assert len(tried) == sum(len(entry.services) for entry in catalogue().values())
    default = catalogue()["latency"].parameter
    assert default is not None
    assert f"payment.latency:{default.default}" in tried


@pytest.mark.parametrize(("hits", "of", "low", "high"), [(8, 10, 0.490, 0.943), (0, 10, 0.0, 0.278), (0, 0, 0.0, 1.0)])
def test_intervals_are_wilsons(hits: int, of: int, low: float, high: float):
    """As published tables have them."""
    assert interval(hits, of) == pytest.approx((low, high), abs=0.001)


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """An evaluation, run as a user would, and what it printed."""
    folder = tmp_path_factory.mktemp("evaluation")
    command = Command(folder / "command", *_evaluate(folder / "kept"))
    assert command.end(90 * TRIALS) == 0, command.text()
    return folder / "kept", json.loads(command.text().splitlines()[-1])


def _evaluate(folder: Path, seed: int = FIRST_SEED) -> list[str]:
    return ["evaluate", "--faults", str(TRIALS), "--seed", str(seed), "--resume", str(folder), "--json"]


def test_find_is_mostly_right(evaluated: tuple[Path, dict]):
    """Nearly all services are named rightly, far more than by chance, and what is right has its evidence."""
    _, found = evaluated
    assert found["trials"] == TRIALS
    assert found["service"]["right"] >= 0.7 * found["faults"]
    assert found["proven_when_right"]["right"] >= found["fault"]["right"] - 1
    assert found["seeds"] == list(range(FIRST_SEED, FIRST_SEED + TRIALS))


def test_it_goes_on_where_it_was_cut(evaluated: tuple[Path, dict], tracelab: Start):
    """What is there already is not run again, and counts the same."""
    folder, found = evaluated
    again = tracelab(*_evaluate(folder))
    assert again.end(20) == 0
    assert json.loads(again.text().splitlines()[-1]) == found


def test_another_evaluation_is_not_mixed_in(evaluated: tuple[Path, dict], tracelab: Start):
    """A folder of other trials is refused in a sentence."""
    folder, _ = evaluated
    result = folder / str(FIRST_SEED) / "result.json"
    kept = result.read_text("utf-8")
    result.write_text(kept.replace('"rate": ', '"rate": 1'), "utf-8")
    other = tracelab(*_evaluate(folder))
    assert other.end(20) == 2
    assert "holds another evaluation" in other.text()
    result.write_text(kept, "utf-8")


def test_find_cannot_peek(evaluated: tuple[Path, dict], tracelab: Start, tmp_path: Path):
    """Under another name and without injected.json the verdict of a run is the same."""
    folder, _ = evaluated
    run = folder / str(FIRST_SEED) / "run"
    moved = tmp_path / "gateway.latency"
    with running.backend("builtin", folder / "backend") as to:
        verdicts = [_found(tracelab, run, to.query, 1)]
        shutil.copytree(run, moved)
        (moved / "injected.json").unlink()
        verdicts.append(_found(tracelab, moved, to.query, 2))
    assert verdicts[0] == verdicts[1]
    assert verdicts[0]["checked"]["traces"]["troubled"] > 50


def _found(tracelab: Start, run: Path, query: str, number: int) -> dict:
    command = tracelab("find", "--run", str(run), "--backend", query, "--json", NUMBER=str(number))
    assert command.end(30) == 0, command.text()
    verdict: dict = json.loads(command.text())
    return verdict


@pytest.mark.parametrize("options", [["--faults", "0"], ["--backend", "http://127.0.0.1:1"]])
def test_wrong_use(tracelab: Start, options: list[str]):
    """One sentence and the exit code of its kind."""
    command = tracelab("evaluate", *options)
    assert command.end(20) in {2, 4}
    assert "Traceback" not in command.text()
