"""Where a span's bar lies in a row of cells, and which of its cells are on the critical path; in whole numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

Interval = tuple[int, int]


def extent(bar: Interval, whole: int, width: int) -> Interval:
    """Return the first cell of a bar and the one after its last, at least one apart.

    `bar` is its start and end, in microseconds since the trace's start; `whole` is the trace's duration, `width` the
    row's cells.
    """
    start, end = bar
    first = min(start * width // whole, width - 1)
    last = (2 * end * width + whole) // (2 * whole)
    return first, max(first + 1, min(last, width))


def marked(bar: Interval, parts: Iterable[Interval], whole: int, width: int) -> set[int]:
    """Return the cells to mark where `parts` of a bar are on the path: those of which at least half of the bar is.

    Where that is none, though a part is on the path, it is the cell with most of it.
    """
    first, last = extent(bar, whole, width)
    on_path: Counter[int] = Counter()
    for start, end in parts:
        for cell in range(max(first, start * width // whole), min(last, end * width // whole + 1)):
            on_path[cell] += _overlap((start * width, end * width), (cell * whole, (cell + 1) * whole))
    drawn = (bar[0] * width, bar[1] * width)
    half = {
        cell for cell, size in on_path.items() if 0 < 2 * size >= _overlap(drawn, (cell * whole, (cell + 1) * whole))
    }
    return half or {cell for cell, _ in on_path.most_common(1)}


def _overlap(one: Interval, other: Interval) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))
