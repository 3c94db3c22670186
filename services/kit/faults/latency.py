"""`SERVICE.latency[:300ms]`: the service answers later."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from services.kit.faults.parameters import milliseconds
from services.kit.problems import Problem


@dataclass(frozen=True, slots=True)
class Latency:
    """Waits before the handler runs."""

    seconds: float

    @classmethod
    def parse(cls, text: str) -> Latency:
        """`300ms` or `1.5s`, from 1 ms to 10 s; ValueError otherwise."""
        return cls(milliseconds(text or "300ms", 1, 10_000) / 1000)

    async def before(self) -> Problem | None:
        """Delay the request."""
        await asyncio.sleep(self.seconds)
        return None
