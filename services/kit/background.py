"""Work that is nobody's request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from services.kit import budget, telemetry
from services.kit.problems import Problem

logger = logging.getLogger("tracelab.background")


async def repeat(function: Callable[[], Awaitable[None]], every: float) -> None:
    """Call a function every so many seconds until cancelled; it makes no spans, here or in the services it asks."""
    while True:
        await asyncio.sleep(every)
        with telemetry.untraced():
            try:
                await function()
            except (Problem, budget.OutOfTime) as error:
                logger.info("Background work waits: %s", error or "out of time")
            except Exception:  # one bad turn must not be the last
                logger.exception("Background work failed; it is tried again.")
