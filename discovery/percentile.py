"""Percentiles by nearest rank: always a value that was really there (Hyndman and Fan, 1996, definition 1)."""

from __future__ import annotations

from collections.abc import Sequence


def rank(count: int, percent: int) -> int:
    """Return where among `count` sorted values a percentile stands, from 0; also 0 where there is none."""
    return max(-(-count * percent // 100), 1) - 1


def nearest_rank(ordered: Sequence[int], percent: int, zeros: int = 0) -> int:
    """Return a percentile of values in ascending order and of so many zeros before them; 0 of nothing."""
    place = rank(zeros + len(ordered), percent) - zeros
    return ordered[place] if 0 <= place < len(ordered) else 0
