"""`SERVICE.slow-tail[:2s]`: for few requests an expensive path is taken; meant for 1% of them."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from services.kit.faults.fault import Handle, Here
from services.kit.faults.parameters import seconds


@dataclass(frozen=True, slots=True)
class SlowTail:
    """Really computes for so long, on a worker thread that leaves the event loop alone."""

    seconds: float

    @classmethod
    def parse(cls, text: str) -> SlowTail:
        """From 100 ms to 5 s."""
        return cls(seconds(text or "2s", 0.1, 5))

    async def meet(self, _here: Here, _request: Request, handle: Handle) -> Response:
        """Compute, then go on."""
        await anyio.to_thread.run_sync(self._stretch)
        return await handle()

    def _stretch(self) -> None:
        until = time.monotonic() + self.seconds
        key = b""
        while time.monotonic() < until:
            key = hashlib.pbkdf2_hmac("sha256", key, b"salt", 20_000)  # some 10 ms, without the interpreter's lock
