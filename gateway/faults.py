"""The gateway's own deliberate defects.

`gateway.serial-fan-out`      what it asks side by side, it asks one after the other.
`gateway.cold-cache[:2s]`     nothing in its cache counts for a while: every reader asks inventory.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway import cache
from services.kit.faults.fault import Handle, Here, kind, plain
from services.kit.faults.parameters import seconds
from services.kit.faults.variant import Variant


async def one_by_one(*calls: Awaitable[Any]) -> list[Any]:
    """What `asyncio.gather` would do at once."""
    return [await call for call in calls]


@dataclass(frozen=True, slots=True)
class ColdCache:
    """The whole cache expires, and stays expired while readers come in a burst."""

    seconds: float

    @classmethod
    def parse(cls, text: str) -> ColdCache:
        """From 100 ms to 10 s."""
        return cls(seconds(text or "2s", 0.1, 10))

    async def meet(self, _here: Here, _request: Request, handle: Handle) -> Response:
        """Expire it, then be the first reader."""
        cache.products.cold_until = max(cache.products.cold_until, monotonic() + self.seconds)
        return await handle()


KINDS = {"serial-fan-out": plain(Variant(lambda _: one_by_one)), "cold-cache": kind(ColdCache.parse)}
