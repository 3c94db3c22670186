"""Faults inside a handler: the deliberately bad variant of one of its parts.

A handler asks `instead_of(part)`, and gets the part itself unless its request asks for the variant.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from services.kit.faults.fault import Handle, Here

Part = TypeVar("Part")

_asked: ContextVar[Callable[[Any], Any] | None] = ContextVar("variant", default=None)


def instead_of(part: Part) -> Part:
    """The part, or its bad variant."""
    make = _asked.get()
    return part if make is None else make(part)


@dataclass(frozen=True, slots=True)
class Variant:
    """Makes a bad variant of the part that the handler asks for."""

    make: Callable[[Any], Any]

    async def meet(self, _here: Here, _request: Request, handle: Handle) -> Response:
        """Go on with it."""
        token = _asked.set(self.make)
        try:
            return await handle()
        finally:
            _asked.reset(token)
