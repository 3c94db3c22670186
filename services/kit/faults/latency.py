"""`SERVICE.latency[:300ms]`: the service answers later."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from services.kit.faults.fault import Handle, Here
from services.kit.faults.parameters import seconds


@dataclass(frozen=True, slots=True)
class Latency:
    """Waits before the handler runs."""

    seconds: float

    @classmethod
    def parse(cls, text: str) -> Latency:
        """From 1 ms to 10 s."""
        return cls(seconds(text or "300ms", 0.001, 10))

    async def meet(self, _here: Here, _request: Request, handle: Handle) -> Response:
        """Delay the request."""
        await asyncio.sleep(self.seconds)
        return await handle()
