"""Critical paths of many traces together: which operation took how much of them, and on which call path.

As CRISP has it (Zhang et al., "CRISP: Critical Path Analysis of Large-Scale Microservice Architectures", USENIX ATC
2022): of each trace the sections of its critical path are added up by operation and by call path, and compared over
traces at the median and the tail. A flame graph at a percentile is made of the traces whose durations are nearest to it
in rank, one in twenty and one at least, so that its width is a duration that traces really had.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from discovery.critical_path import critical_path
from discovery.percentile import nearest_rank, rank
from discovery.trace import Trace

PERCENTILES = (50, 95, 99)
_AROUND = 0.05  # of all traces, that are nearest to a percentile

Frame = tuple[str, str]  # service and operation


class Tree:
    """All call paths: a number for each, its last frame, and the number of the path that it prolongs.

    A path's number is larger than that of every path that it prolongs; -1 is the empty one.
    """

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.parents: list[int] = []
        self._numbers: dict[tuple[int, Frame], int] = {}

    def number(self, parent: int, frame: Frame) -> int:
        """Return the number of a path prolonged by a frame."""
        found = self._numbers.get((parent, frame))
        if found is None:
            found = self._numbers[parent, frame] = len(self.frames)
            self.frames.append(frame)
            self.parents.append(parent)
        return found


@dataclass(frozen=True, slots=True)
class Row:
    """One operation over all traces; times are microseconds on critical paths.

    `traces` is in how many traces it was on the path, `total` all of it, `share` of all paths. `at` holds, for each of
    PERCENTILES, what the operation took in a trace at most in so many percent of all, where absent nothing.
    """

    service: str
    operation: str
    traces: int
    total: int
    share: float
    at: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Flame:
    """The traces nearest to a percentile: how many, and the mean microseconds of each call path's own, by its number.

    `duration` is that of the critical path at the percentile, microseconds.
    """

    percentile: int
    duration: int
    traces: int
    times: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything about some traces: how many, rows with the largest first, and a flame for each percentile."""

    traces: int
    tree: Tree
    rows: tuple[Row, ...]
    flames: tuple[Flame, ...]


def profile(traces: Iterable[Trace]) -> Profile:
    """Add up the critical paths of traces. Linear but for sorting; nothing of a trace is kept but its paths."""
    tree = Tree()
    paths = sorted((_path(trace, tree) for trace in traces), key=lambda path: sum(path.values()))
    flames = tuple(_flame(percentile, paths) for percentile in PERCENTILES) if paths else ()
    return Profile(len(paths), tree, tuple(_rows(paths, tree)), flames)


def _path(trace: Trace, tree: Tree) -> dict[int, int]:
    """Add up one trace's sections by call path."""
    numbers: dict[str, int] = {}
    for span in trace.spans:
        numbers[span.span_id] = tree.number(numbers.get(span.parent_id or "", -1), (span.service, span.name))
    times: dict[int, int] = {}
    for section in critical_path(trace):
        number = numbers[section.span_id]
        times[number] = times.get(number, 0) + section.end - section.start
    return times


def _rows(paths: Sequence[Mapping[int, int]], tree: Tree) -> Iterator[Row]:
    seen: defaultdict[Frame, list[int]] = defaultdict(list)
    for path in paths:
        own: defaultdict[Frame, int] = defaultdict(int)
        for number, time in path.items():
            own[tree.frames[number]] += time
        for frame, time in own.items():
            seen[frame].append(time)
    whole = sum(map(sum, seen.values())) or 1
    for frame, times in sorted(seen.items(), key=lambda item: -sum(item[1])):
        times.sort()
        at = {percentile: nearest_rank(times, percentile, zeros=len(paths) - len(times)) for percentile in PERCENTILES}
        yield Row(*frame, len(times), sum(times), sum(times) / whole, at)


def _flame(percentile: int, paths: Sequence[Mapping[int, int]]) -> Flame:
    """Take the mean of the paths nearest to a percentile in rank; they are sorted by duration."""
    middle = rank(len(paths), percentile)
    count = max(round(len(paths) * _AROUND), 1)
    first = min(max(middle - count // 2, 0), len(paths) - count)
    near = paths[first : first + count]
    times: defaultdict[int, float] = defaultdict(float)
    for path in near:
        for number, time in path.items():
            times[number] += time / count
    return Flame(percentile, sum(paths[middle].values()), count, dict(times))
