"""Whole numbers as JSON has them: 2.0 is one, "2" and true are none."""

from __future__ import annotations

from typing import Any

from pydantic import BeforeValidator


def _whole(number: Any) -> Any:
    return int(number) if isinstance(number, float) and number.is_integer() else number


WHOLE = BeforeValidator(_whole)
