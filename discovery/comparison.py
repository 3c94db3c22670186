"""Two heaps of traces side by side: what each operation took in one and in the other, and how sure a change is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from discovery.certainty import differ
from discovery.critical_path import critical_path
from discovery.percentile import nearest_rank
from discovery.self_time import self_times
from discovery.trace import Trace

Operation = tuple[str, str]  # service and name


@dataclass(frozen=True, slots=True)
class Half:
    """An operation in one heap; times are microseconds.

    Calls a trace, median and 95th percentile of self time and of duration, the share of its spans that are red, and
    the mean time a trace that it had on critical paths.
    """

    calls: float
    self_p50: int
    self_p95: int
    p50: int
    p95: int
    errors: float
    waited: float


@dataclass(frozen=True, slots=True)
class Change:
    """An operation in both heaps; one that is in one only has no calls in the other.

    `chance` is how likely its time on critical paths differs as much by accident.
    """

    service: str
    name: str
    a: Half
    b: Half
    chance: float

    @property
    def added(self) -> float:
        """Microseconds a trace that it took more on critical paths in `b`."""
        return self.b.waited - self.a.waited


def changes(a: Sequence[Trace], b: Sequence[Trace]) -> list[Change]:
    """Compare two heaps, the largest change of time on critical paths first. Linear but for sorting."""
    ones, others = _measured(a), _measured(b)
    found = [
        Change(*operation, ones.half(operation), others.half(operation), _chance(ones, others, operation))
        for operation in sorted({*ones.waited, *others.waited, *ones.durations, *others.durations})
    ]
    return sorted(found, key=lambda change: -abs(change.added))


class _Heap:
    def __init__(self, traces: int) -> None:
        self.traces = traces
        self.durations: defaultdict[Operation, list[int]] = defaultdict(list)
        self.own: defaultdict[Operation, list[int]] = defaultdict(list)
        self.red: Counter[Operation] = Counter()
        self.waited: defaultdict[Operation, list[int]] = defaultdict(list)  # of the traces that have it on their path

    def half(self, operation: Operation) -> Half:
        durations, own = sorted(self.durations[operation]), sorted(self.own[operation])
        return Half(
            calls=len(durations) / self.traces if self.traces else 0.0,
            self_p50=nearest_rank(own, 50),
            self_p95=nearest_rank(own, 95),
            p50=nearest_rank(durations, 50),
            p95=nearest_rank(durations, 95),
            errors=self.red[operation] / len(durations) if durations else 0.0,
            waited=sum(self.waited[operation]) / self.traces if self.traces else 0.0,
        )


def _measured(traces: Sequence[Trace]) -> _Heap:
    heap = _Heap(len(traces))
    for trace in traces:
        own = self_times(trace)
        for span in trace.spans:
            operation = span.service, span.name
            heap.durations[operation].append(span.duration)
            heap.own[operation].append(own[span.span_id])
            heap.red[operation] += span.error
        waited: Counter[Operation] = Counter()
        for section in critical_path(trace):
            span = trace.index[section.span_id]
            waited[span.service, span.name] += section.end - section.start
        for operation, time in waited.items():
            heap.waited[operation].append(time)
    return heap


def _chance(a: _Heap, b: _Heap, operation: Operation) -> float:
    """Compare the times of all traces, nothing where an operation is not on the path."""
    ones, others = a.waited[operation], b.waited[operation]
    return differ(ones + [0] * (a.traces - len(ones)), others + [0] * (b.traces - len(others)))
