"""Parameters of faults as people write them."""

from __future__ import annotations

import re


def milliseconds(text: str, least: float, most: float) -> float:
    """`300ms` or `1.5s` in milliseconds, within bounds; ValueError otherwise."""
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s)", text)
    if match is None:
        raise ValueError(text)
    value = float(match[1]) * (1000 if match[2] == "s" else 1)
    if not least <= value <= most:
        raise ValueError(text)
    return value
