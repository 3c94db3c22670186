"""Holds what was measured against the thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from load import threshold
from load.figures import Figures, Part, Tally, tally
from load.result import percentile
from load.scenario import ROUTES
from load.threshold import PERCENTILES, Threshold


@dataclass(frozen=True, slots=True)
class Judgement:
    """One threshold of a phase, or of the whole run where `phase` is None; nothing `measured` proves nothing."""

    phase: str | None
    threshold: Threshold
    measured: float | None  # in the threshold's unit

    @property
    def passed(self) -> bool:
        """Whether the threshold was shown to hold."""
        return self.measured is not None and self.threshold.holds(self.measured)


def judge(figures: Figures, thresholds: Iterable[str]) -> tuple[Judgement, ...]:
    """Judge the whole run by these thresholds, and each phase that began by its own."""
    return (
        *_judged(None, figures.whole, thresholds),
        *(each for phase, part in figures.phases for each in _judged(phase.name, part, phase.thresholds)),
    )


def _judged(phase: str | None, part: Part, thresholds: Iterable[str]) -> Iterator[Judgement]:
    for text in thresholds:
        wanted = threshold.parse(text, ROUTES)
        found = part.total if wanted.route is None else part.routes.get(wanted.route, tally(()))
        yield Judgement(phase, wanted, _measured(wanted.metric, found, part.seconds))


def _measured(metric: str, found: Tally, seconds: float) -> float | None:
    counts, sent = found.counts, found.counts["sent"]
    if metric == "dropped":
        return counts["dropped"]
    if metric == "rate":
        return sent / seconds if seconds else None
    if metric == "error_rate":  # a request that nobody ever answered is no better than one answered with 500
        return (counts["error"] + counts["unfinished"]) / sent * 100 if sent else None
    return percentile(found.latency, PERCENTILES[metric])
