"""How a request's calls to other services are made. The default is the right way; faults choose a wrong one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manner:
    """`timeout` (seconds) is shorter than the time granted; `attempts` are made at any failure, without a pause.

    Without `passes_context` the trace ends at the caller. Of a `deserted` service nothing listens where it should.
    """

    timeout: float | None = None
    attempts: int = 1
    passes_context: bool = True
    deserted: frozenset[str] = frozenset()


_current: ContextVar[Manner] = ContextVar("manner", default=Manner())  # noqa: B039 - it is immutable


def current() -> Manner:
    """The manner of this request."""
    return _current.get()


@contextmanager
def kept(manner: Manner) -> Iterator[None]:
    """Make the block's calls in this manner; worker threads inherit it."""
    token = _current.set(manner)
    try:
        yield
    finally:
        _current.reset(token)
