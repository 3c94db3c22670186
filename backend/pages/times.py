"""Times as the pages and their addresses spell them; inside, microseconds since the epoch."""

from __future__ import annotations

from datetime import UTC, datetime

from backend.criteria import DAY

_MINUTE = 60_000_000
_LATEST = 253_402_300_799_999_999  # the last microsecond that datetime can tell

ALL = "all"  # a lookback: everything that is kept
CUSTOM = "custom"  # a lookback: between two given times
LOOKBACKS = {
    "15m": 15 * _MINUTE,
    "1h": 60 * _MINUTE,
    "6h": 6 * 60 * _MINUTE,
    "1d": DAY,
    "2d": 2 * DAY,
    "7d": 7 * DAY,
    ALL: 2**62,
}
WORDS = {
    "15m": "last 15 minutes",
    "1h": "last hour",
    "6h": "last 6 hours",
    "1d": "last day",
    "2d": "last 2 days",
    "7d": "last 7 days",
    ALL: "all that is kept",
    CUSTOM: "custom range",
}


def iso(microseconds: int) -> str:
    """Spell a time in UTC, such as 2026-11-23T14:05:07.123Z; times that no calendar holds as its first or last."""
    moment = datetime.fromtimestamp(min(max(microseconds, 0), _LATEST) // 1000 / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def parsed(text: str) -> int | None:
    """Read a date with or without a time, UTC unless it says otherwise; None where it is neither."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return max(round(aware.timestamp() * 1_000_000), 0)
    except OverflowError:
        return None
