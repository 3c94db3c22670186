"""`SERVICE.blocked-loop[:300ms]`: blocking code in an async handler; everybody else in this process waits."""

from __future__ import annotations

import time
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from services.kit.faults.fault import Handle, Here
from services.kit.faults.parameters import seconds


@dataclass(frozen=True, slots=True)
class BlockedLoop:
    """Blocks the event loop."""

    seconds: float

    @classmethod
    def parse(cls, text: str) -> BlockedLoop:
        """From 10 ms to 3 s."""
        return cls(seconds(text or "300ms", 0.01, 3))

    async def meet(self, _here: Here, _request: Request, handle: Handle) -> Response:
        """Sleep as nobody should here."""
        time.sleep(self.seconds)  # noqa: ASYNC251 - this is the defect
        return await handle()
