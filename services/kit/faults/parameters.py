"""Parameters of faults as people write them; ValueError for nonsense and for what is out of bounds."""

from __future__ import annotations

import re


def seconds(text: str, least: float, most: float) -> float:
    """`300ms` or `1.5s` in seconds; the bounds in seconds too."""
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s)", text)
    if match is None:
        raise ValueError(text)
    return _within(float(match[1]) / (1000 if match[2] == "ms" else 1), least, most)


def count(text: str, least: int, most: int) -> int:
    """A whole number."""
    if not re.fullmatch("[0-9]{1,6}", text):
        raise ValueError(text)
    return int(_within(int(text), least, most))


def megabytes(text: str, least: int, most: int) -> int:
    """`16MB` in bytes, 10**6 each; the bounds in megabytes."""
    match = re.fullmatch("([0-9]{1,4})MB", text)
    if match is None:
        raise ValueError(text)
    return int(_within(int(match[1]), least, most)) * 1_000_000


def _within(value: float, least: float, most: float) -> float:
    if not least <= value <= most:
        raise ValueError(value)
    return value
