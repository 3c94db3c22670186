"""Setting a lesson up: what it hides can be found."""

from __future__ import annotations

import msgspec
import pytest

from lab.evaluation.trial import Trial
from lab.learn import mystery, stage
from lab.learn.lesson import lessons
from load import schedule
from load.scenario import Scenario


def carried(trial: Trial) -> int:
    """How many requests of a trial carry its fault."""
    scenario = msgspec.convert(trial.scenario("baseline", "fault"), Scenario)
    return sum(arrival.fault is not None for arrival in schedule.plan(scenario, trial.seed).arrivals)


@pytest.mark.parametrize("seed", range(40))
def test_somebody_meets_the_fault(seed: int):
    """Where chance would give the fault to nobody, another seed is taken, and everything else stays."""
    rare = Trial(seed, ("payment.latency:50ms",), percent=3, rate=8, seconds=(1, 2, 0))
    found = stage.telling(rare)
    assert carried(found) >= 3
    assert found.faults == rare.faults
    assert found.seed == seed or carried(rare) < 3


def test_that_was_needed():
    """By some of these seeds nobody would have met it."""
    rare = [Trial(seed, ("payment.latency:50ms",), percent=3, rate=8, seconds=(1, 2, 0)) for seed in range(40)]
    assert min(map(carried, rare)) == 0


def test_what_no_request_carries_stays():
    """A fault that a shop is started with, and load without any, need no other seed."""
    for trial in (Trial(5), Trial(5, ("payment.clock-skew:-5s",))):
        assert stage.telling(trial) is trial


def test_rounds_and_lessons_end_their_search():
    """Every part of every lesson, and rounds of each level, have such a seed nearby."""
    hidden = [part.trial(1) for lesson in lessons().values() for part in lesson.parts.values()]
    for trial in [*hidden, *(mystery.draw(seed, level) for level in (1, 2, 3) for seed in range(20))]:
        assert stage.telling(trial).seed - trial.seed < 50
