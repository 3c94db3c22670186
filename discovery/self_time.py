"""Self time: how long a span worked itself, rather than waiting for a child.

As in Jaeger's UI (jaeger-ui, utils/compute-span-self-time): the span's duration less the time that at least one child
covers, each child cut to the span.
"""

from __future__ import annotations

from discovery.trace import Trace


def self_times(trace: Trace) -> dict[str, int]:
    """Return the self time of every span by its id, in microseconds."""
    return {
        span.span_id: span.duration
        - _covered(
            span.start,
            span.end,
            [(child.start, child.end) for child in trace.children[span.span_id] if not child.detached],
        )
        for span in trace.spans
    }


def _covered(start: int, end: int, intervals: list[tuple[int, int]]) -> int:
    """How much of start..end the intervals cover together."""
    covered = 0
    reached = start
    for begin, finish in sorted(intervals):
        added = min(finish, end) - max(begin, reached)
        if added > 0:
            covered += added
            reached = finish
    return covered
