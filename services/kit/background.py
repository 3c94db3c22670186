"""Work that is nobody's request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from services.kit import telemetry


async def repeat(function: Callable[[], Awaitable[None]], every: float) -> None:
    """Call an async function every so many seconds until cancelled; it makes no spans, here or in the services it asks."""
    with telemetry.untraced():
        while True:
            await asyncio.sleep(every)
            await function()
