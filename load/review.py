"""A finished run, counted and judged: what the reports are made of."""

from __future__ import annotations

from dataclasses import dataclass

from load.figures import Figures, figures
from load.judgement import Judgement, judge
from load.result import Result
from load.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Review:
    """What a run of the scenario with that name came to."""

    scenario: str
    result: Result
    figures: Figures
    judgements: tuple[Judgement, ...]

    @property
    def exit_code(self) -> int:
        """0; 3 where the generator itself was too late for any number to mean something; 1 where a threshold failed."""
        if not self.result.valid:
            return 3
        return int(not all(judgement.passed for judgement in self.judgements))


def review(name: str, scenario: Scenario, result: Result) -> Review:
    """Count a run and hold it against its scenario's thresholds."""
    counted = figures(result)
    return Review(name, result, counted, judge(counted, scenario.thresholds))
