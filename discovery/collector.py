"""Keeps Python's garbage collector from looking through what is only being read.

It runs again and again while a great many objects are made, and looks at all of them each time; what JSON is made into
has no cycles for it to find. That is most of the time which reading a large file takes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Let nothing be collected until the block ends; a block inside another, or in another thread, changes nothing."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
