"""The time a request may still take: it travels with the request and shrinks at each hop.

Between services it is the header `x-budget-ms`, whole milliseconds, set anew at each hop; inside a service a deadline
in a context variable, which asyncio tasks and worker threads inherit.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "x-budget-ms"

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


class OutOfTime(Exception):
    """The request's time budget is used up."""


def remaining(otherwise: float = 10.0) -> float:
    """Seconds left, never negative; `otherwise` where nobody set a budget (a start-up task)."""
    deadline = _deadline.get()
    return otherwise if deadline is None else max(0.0, deadline - time.monotonic())


def require() -> float:
    """Seconds left, or OutOfTime where there are none: for the moment before waiting on something."""
    left = remaining()
    if left <= 0:
        raise OutOfTime
    return left


@contextmanager
def spend(seconds: float) -> Iterator[None]:
    """Give the block a fresh budget of so many seconds: a request at its start, or a repair after it failed."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def parse(header: str | None, most: float) -> float:
    """Seconds that a header grants, at most `most`; a missing or senseless header grants `most`."""
    if header is None or not header.isascii() or not header.isdigit() or len(header) > 9:
        return most
    return min(int(header) / 1000, most)
