"""What a request waited for inside its own process: the event loop, a worker thread, a database connection.

Each is milliseconds on the server span (`tracelab.wait.loop`, `.thread`, `.pool`), fault or not. Without them a
blocked loop, starved threads, an empty pool and plain slowness look the same from outside.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter

_TICK = 0.02  # seconds between two looks at the loop


@dataclass(slots=True)
class Waits:
    """One request's waits in seconds; handlers, threads and the database add to them."""

    loop: float = 0.0
    thread: float = 0.0
    pool: float = 0.0


current: ContextVar[Waits | None] = ContextVar("waits", default=None)


class LoopWatch:
    """Measures how late the event loop runs what is due, by asking to be woken every 20 ms."""

    def __init__(self) -> None:
        self._late: list[tuple[float, float]] = []  # (when noticed, seconds late), the last second's
        self._due = perf_counter()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self._due = perf_counter() + _TICK
            await asyncio.sleep(_TICK)
            now = perf_counter()
            if now - self._due > 0.001:
                self._late = [item for item in self._late if item[0] > now - 30] + [(now, now - self._due)]

    def worst_since(self, start: float) -> float:
        """The longest delay in seconds seen since `start` (perf_counter), a delay still going on included."""
        noticed = [late for when, late in self._late if when >= start]
        return max([perf_counter() - self._due, 0.0, *noticed])
