"""A short cache for the product list: what was read is good for a second."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any


class Cache:
    """One value and its age. Until `cold_until` nothing in it counts, and every reader asks for itself."""

    def __init__(self, seconds: float) -> None:
        self.cold_until = 0.0
        self._seconds = seconds
        self._read = -seconds
        self._value: Any = None

    async def get(self, read: Callable[[], Awaitable[Any]]) -> Any:
        """The value, read anew where it is too old."""
        now = monotonic()
        if now < self.cold_until or now - self._read >= self._seconds:
            self._value = await read()
            self._read = now
        return self._value


products = Cache(1.0)
