"""Work that belongs to no request: it has no span, no budget, and nobody waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextvars import Context
from typing import Any

logger = logging.getLogger("tracelab.aside")

_running: set[asyncio.Task[None]] = set()  # the loop itself keeps only weak references


def start(work: Coroutine[Any, Any, None], context: Context | None = None) -> None:
    """Run it beside the requests, in a context of its own unless one is given."""
    task = asyncio.create_task(work, context=context or Context())
    _running.add(task)
    task.add_done_callback(_done)


def _done(task: asyncio.Task[None]) -> None:
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.warning("Work beside a request failed: %s.", type(error).__name__)
