"""`payment.metastable[:1s]`: an overload that outlives its trigger.

Two defects that normal load does not notice: payment has two lines to the card issuer, each taken for an eighth of a
second by an authorisation, and whoever waits for one is served in turn, wanted or not; order gives up after 0.4 s, and
tries three times. What rides on a request is the trigger: it keeps its line for longer. Then others wait too long, give
up and come again, and soon the lines serve only those who have given up: three attempts an order are more than the
lines can take, though one would be less. Bronson et al., "Metastable Failures in Distributed Systems", HotOS 2021.

Both defects are there from the first request that carries the fault until three seconds after the last one that waited
(payment) or failed (order), for a minute at most.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from services.kit import manner
from services.kit.faults.fault import Handle, Here
from services.kit.faults.parameters import seconds
from services.kit.manner import Manner

_LINES = 2
_TAKEN_SECONDS = 0.125  # a line, by an authorisation: 16 a second
_HASTY = Manner(timeout=0.4, attempts=3)
_AFTERWARDS = 3.0
_MOST_SECONDS = 60.0


@dataclass(eq=False, slots=True)
class Episode:
    """Something that goes on for as long as it is fed, but not for ever."""

    began: float = field(default_factory=time.monotonic)

    def feed(self, here: Here) -> None:
        """Let it go on."""
        if time.monotonic() - self.began < _MOST_SECONDS:
            here.lasting(self, _AFTERWARDS)  # type: ignore[arg-type]  # its subclasses are faults


@dataclass(eq=False, slots=True)
class Lines(Episode):
    """Payment's few lines to the issuer."""

    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_LINES))

    async def meet(self, here: Here, request: Request, handle: Handle) -> Response:
        """Authorise over a line, as soon as there is one."""
        return await self.over(here, request, handle, _TAKEN_SECONDS)

    async def over(self, here: Here, request: Request, handle: Handle, taken: float) -> Response:
        """Keep a line for so long, and then go on; only an authorisation needs one."""
        if request.method != "POST" or request.url.path != "/payments":
            return await handle()
        if self.free.locked():
            self.feed(here)
        async with self.free:
            await asyncio.sleep(taken)
        return await handle()


@dataclass(eq=False, slots=True)
class Haste(Episode):
    """Order's way with payment: soon impatient, and soon back."""

    async def meet(self, here: Here, _request: Request, handle: Handle) -> Response:
        """Call in haste."""
        with manner.kept(_HASTY):
            try:
                response = await handle()
            except Exception:
                self.feed(here)
                raise
        return response


@dataclass(frozen=True, slots=True)
class Trigger:
    """At payment: a request that keeps its line for `seconds`."""

    seconds: float

    @classmethod
    def parse(cls, text: str) -> Trigger:
        """From 200 ms to 3 s."""
        return cls(seconds(text or "1s", 0.2, 3))

    async def meet(self, here: Here, request: Request, handle: Handle) -> Response:
        """Take the line, and the episode's beginning."""
        lines = next((fault for _, fault in here.episodes if isinstance(fault, Lines)), None) or Lines()
        lines.feed(here)
        return await lines.over(here, request, handle, self.seconds)


@dataclass(frozen=True, slots=True)
class Hurry:
    """At order: the episode's beginning there."""

    @classmethod
    def parse(cls, text: str) -> Hurry:
        """The parameter is payment's."""
        Trigger.parse(text)
        return cls()

    async def meet(self, here: Here, request: Request, handle: Handle) -> Response:
        """Begin it."""
        haste = next((fault for _, fault in here.episodes if isinstance(fault, Haste)), None) or Haste()
        haste.feed(here)
        return await haste.meet(here, request, handle)
