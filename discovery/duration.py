"""Spells durations for people: three digits that count, and the unit that suits them."""

from __future__ import annotations

_UNITS = ((60_000_000, "min"), (1_000_000, "s"), (1_000, "ms"))


def spelled(microseconds: float, micro: str = "µ") -> str:
    """Spell a duration in seven columns or so, such as `1.24 ms`; `micro` is the letter for microseconds."""
    size = round(microseconds)
    for unit, name in _UNITS:
        if size >= unit * 0.9995 and (name != "min" or size >= 5 * unit):
            number = size / unit
            digits = 2 if number < 9.995 else 1 if number < 99.95 else 0
            return f"{number:.{digits}f} {name}"
    return f"{size} {micro}s"
