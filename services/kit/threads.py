"""Plain `def` handlers run on the thread pool, as in every FastAPI app; here the wait for a thread is measured too."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable, Coroutine
from time import perf_counter
from typing import Any, TypeVar

import anyio.from_thread
import anyio.to_thread

from services.kit import saturation

logger = logging.getLogger("tracelab.threads")

T = TypeVar("T")


def measured(endpoint: Callable[..., T]) -> Callable[..., Awaitable[T]]:
    """Run a blocking endpoint on the thread pool, and note how long it waited for its thread."""

    @functools.wraps(endpoint)
    async def handler(*args: Any, **kwargs: Any) -> T:
        asked = perf_counter()

        def call() -> T:
            waits = saturation.current.get()
            if waits is not None:
                waits.thread += perf_counter() - asked
            return endpoint(*args, **kwargs)

        return await anyio.to_thread.run_sync(call)

    return handler


def wait_for(function: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
    """From a worker thread: run an async function on the event loop and wait for its result."""
    return anyio.from_thread.run(function, *args)
