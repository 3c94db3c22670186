"""Brings the traces of a case together: from a run, from two windows of time, or from one that is split."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from discovery import search
from discovery.client import Backend
from discovery.collector import paused
from discovery.culprit.case import Case
from discovery.culprit.sample import Sample, read
from discovery.run_folder import Counts, Run, Window
from discovery.trace import Trace

_REMARKABLE = 50_000  # microseconds above the quick quarter of a route
_SPREAD = 6  # times the distance from the 5th to the 25th percentile
_FEW = 4  # traces of a route, of which the quickest says nothing


@paused()
def of_run(traces: Iterable[Trace], run: Run) -> Case:
    """Sort a run's traces by its phases, by when their first span began; a run of one phase is split."""
    samples = [read(trace) for trace in traces]
    if not run.healthy:
        return split([sample for sample in samples if _within(sample, run.troubled)], run.counts)
    return Case(
        healthy=[sample for sample in samples if _within(sample, run.healthy)],
        troubled=[sample for sample in samples if _within(sample, run.troubled)],
        afterwards=[sample for sample in samples if _within(sample, run.afterwards)],
        counts=run.counts,
    )


def of_stored_run(backend: Backend, run: Run) -> Case:
    """Ask a backend for a run's traces, once all of them are there, and sort them by its phases."""
    return of_run(search.settled(backend, run.whole.start, run.whole.end), run)


@paused()
def of_windows(healthy: Iterable[Trace], troubled: Iterable[Trace]) -> Case:
    """Compare the traces of a time that was well with those of another."""
    return Case(healthy=[read(trace) for trace in healthy], troubled=[read(trace) for trace in troubled])


@paused()
def split(samples: Sequence[Sample], counts: Counts | None = None) -> Case:
    """Split the traces of one window by outcome, duration and shape: the good, quick and ordinary ones are healthy.

    Quick is what is not far above the quick quarter of its route, which trouble that meets less than three quarters of
    the requests leaves alone; ordinary is the shape that most traces of a route have.
    """
    by_route: defaultdict[tuple[str, int], list[Sample]] = defaultdict(list)
    for sample in samples:
        by_route[sample.route, sample.status].append(sample)
    healthy: list[Sample] = []
    troubled: list[Sample] = []
    for same in by_route.values():
        limit = _limit(sorted(sample.trace.duration for sample in same if not sample.trace.errors))
        ordinary, count = Counter(sample.shape for sample in same).most_common(1)[0]
        is_ordinary = count > len(same) / 2
        for sample in same:
            good = not sample.trace.errors and sample.trace.duration <= limit and sample.whole and not sample.shifted
            usual = sample.shape == ordinary or not is_ordinary
            (healthy if good and usual else troubled).append(sample)
    return Case(healthy=healthy, troubled=troubled, counts=counts, split=True)


def _limit(durations: list[int]) -> float:
    if len(durations) < _FEW:
        return float("inf")
    low, quarter = durations[len(durations) // 20], durations[len(durations) // 4]
    return quarter + max(_REMARKABLE, _SPREAD * (quarter - low))


def _within(sample: Sample, windows: Iterable[Window]) -> bool:
    return any(window.holds(sample.trace.root.start) for window in windows)
