"""Durations as people write them: `300ms`, `1.5s`, `2m`."""

from __future__ import annotations

import re

_UNITS = {"ms": 1, "s": 1_000, "m": 60_000}


def milliseconds(text: str) -> float:
    """Read a duration; ValueError, with what was expected, where it is none."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)(ms|s|m)", text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as 300ms, 1.5s or 2m")
    return float(match[1]) * _UNITS[match[2]]


def written(value: float) -> str:
    """Write a duration of so many milliseconds, to the microsecond: `300ms`."""
    return f"{value:.3f}".rstrip("0").rstrip(".") + "ms"
