"""Sets a lesson up: starts the shop, breaks it, sends orders, and keeps what happened for the check."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import MappingProxyType

import msgspec

from discovery import client, otlp, search
from discovery.run_folder import read as read_run
from lab import overlay, start_faults, state
from lab.evaluation import running
from lab.evaluation.trial import Trial
from lab.learn import elsewhere, workplace
from lab.learn.elsewhere import Scene
from lab.learn.lesson import Lesson
from lab.learn.truth import TRACES, Truth
from lab.options import Options
from lab.shop import Shop
from load import schedule
from load.scenario import Scenario

_SETTLING = 1.0  # seconds in which what a service does after its last answer is done

_FEWEST = 3  # requests that carry what is hidden
_READY = "ready"  # there once all was sent and kept
_UP = "up"  # there while the shop is, with its launcher's process id

Tell = Callable[[str], None]


def folder(number: int) -> Path:
    """What the workshop keeps of a lesson: runs, traces, the backend's file. 0 is the mystery round."""
    return state.folder() / "learn" / f"{number:02}"


def is_up(lesson: Lesson) -> bool:
    """Whether this lesson's shop is up, in another terminal."""
    up, mark = state.running(state.folder()), folder(lesson.number) / _UP
    return up is not None and mark.exists() and mark.read_text(encoding="ascii") == str(up.pid)


def truths(lesson: Lesson) -> dict[str, Truth]:
    """What was hidden, by part; nothing where the lesson was not set up, or not to its end."""
    place = folder(lesson.number)
    if not (place / _READY).exists():
        return {}
    return {part: Truth(place / part, hidden.faults[0]) for part, hidden in lesson.parts.items()}


@contextmanager
def shown(lesson: Lesson, options: Options, tell: Tell) -> Iterator[Scene]:
    """Give the shop of a lesson, once all that the lesson sends was sent; it ends with the block."""
    place = folder(lesson.number)
    trials = {part: hidden.trial(_seed()) for part, hidden in lesson.parts.items()}
    environments = {part: hidden.environment for part, hidden in lesson.parts.items()}
    if lesson.sends:
        trials["run"] = Trial(_seed(), seconds=(lesson.sends, 0, 0))
    chosen = replace(options, overlay=overlay.checked(workplace.folder(lesson)) if lesson.serves_copy else None)
    with played(place, trials, chosen, tell, environments) as shop:
        yield shop


@contextmanager
def played(
    place: Path,
    trials: Mapping[str, Trial],
    options: Options,
    tell: Tell,
    environments: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> Iterator[Scene]:
    """Play trials one after the other, keep each one's run and traces in a folder of its own, and give the last shop.

    What a shop has to be started with, faults or an environment, is played first, by shops of its own.
    """
    state.must_be_free(options.state)  # else what is forgotten here is that of a lesson in another terminal
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    options = replace(options, traces=place / "backend")
    trials = {part: telling(trial) for part, trial in trials.items()}
    for part, trial in trials.items():
        (place / part).mkdir()
        if trial.at_start:
            _restarted(trial, options, place / part, tell)
        elif environment := environments.get(part):
            with Shop(replace(options, environment=environment), tell) as shop:
                running.send(trial, _phases(trial), place / part / "run", {**shop.environment, **environment})
                time.sleep(_SETTLING)
    with elsewhere.scene(options, tell) as shop:
        for part, trial in trials.items():
            if not (place / part / "run").exists():
                running.send(trial, _phases(trial), place / part / "run", shop.environment)
        time.sleep(_SETTLING if trials else 0)
        for part in trials:
            _keep(place / part, shop.tracing.query)
        (place / _READY).touch()
        (place / _UP).write_text(str(os.getpid()), encoding="ascii")
        try:
            yield shop
        finally:
            (place / _UP).unlink(missing_ok=True)


def _restarted(trial: Trial, options: Options, place: Path, tell: Tell) -> None:
    """Play a trial whose shop is started twice, healthy and broken."""
    before = replace(options, replicas=trial.replicas)
    broken = replace(before, faults=start_faults.read(trial.at_start))
    parts: Sequence[tuple[Options, str]] = ((before, "baseline"), (broken, "fault"))
    for chosen, phase in parts:
        with Shop(chosen, tell) as shop:
            running.send(trial, (phase,), place / phase, shop.environment)
            time.sleep(_SETTLING)
    running.joined(place / "run", trial, *(place / phase for _, phase in parts))


def telling(trial: Trial) -> Trial:
    """Give the trial the first seed, from its own on, by which some requests carry what is hidden.

    Who carries it is drawn, and with few requests it may be nobody: then there is nothing to find.
    """
    for seed in count(trial.seed) if trial.on_requests else ():
        found = replace(trial, seed=seed)
        planned = schedule.plan(msgspec.convert(found.scenario(*_phases(found)), Scenario), seed)
        if sum(arrival.fault is not None for arrival in planned.arrivals) >= _FEWEST:
            return found
    return trial


def _phases(trial: Trial) -> tuple[str, ...]:
    names = ("baseline", "fault", "recovery")
    return tuple(phase for phase, length in zip(names, trial.seconds, strict=True) if length)


def _keep(place: Path, query: str) -> None:
    """Write a run's traces down, so that an answer can be checked when the shop is gone."""
    whole = read_run(place / "run").whole
    traces = search.settled(client.probe(query), whole.start, whole.end)
    spans = [span for trace in traces for span in trace.spans]
    (place / TRACES).write_text(json.dumps(otlp.as_json(spans)), encoding="utf-8")


def _seed() -> int:
    """A seed that differs from learner to learner, so that nobody's trace ids are another's answer."""
    return time.time_ns() // 1000 % 1_000_000
