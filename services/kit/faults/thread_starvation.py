"""`payment.thread-starvation[:1s]`: blocking handlers fill the thread pool; every other waits for a thread."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from services.kit.faults import aside
from services.kit.faults.fault import Handle, Here
from services.kit.faults.parameters import seconds


@dataclass(frozen=True, slots=True)
class ThreadStarvation:
    """Blocks as many threads as the pool has, and lets them go late."""

    seconds: float

    @classmethod
    def parse(cls, text: str) -> ThreadStarvation:
        """From 10 ms to 5 s."""
        return cls(seconds(text or "1s", 0.01, 5))

    async def meet(self, _here: Here, _request: Request, handle: Handle) -> Response:
        """Let others take them, and queue behind."""
        for _ in range(int(anyio.to_thread.current_default_thread_limiter().total_tokens)):
            aside.start(self._hold())
        await asyncio.sleep(0)  # they ask first
        return await handle()

    async def _hold(self) -> None:
        await anyio.to_thread.run_sync(time.sleep, self.seconds)
