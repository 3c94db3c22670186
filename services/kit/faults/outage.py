"""`SERVICE.breaker-open[:3s]`: the service answers nobody for a while, until its callers cut it off."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from services.kit.faults.error import Error
from services.kit.faults.fault import Handle, Here
from services.kit.faults.parameters import seconds


@dataclass(frozen=True, slots=True)
class Outage:
    """Fails every request of this process for so long, whoever sends it, and then is well again by itself."""

    seconds: float

    @classmethod
    def parse(cls, text: str) -> Outage:
        """From 0.5 to 10 s."""
        return cls(seconds(text or "3s", 0.5, 10))

    async def meet(self, here: Here, request: Request, handle: Handle) -> Response:
        """Begin it with this request, unless one is under way."""
        failing = Error(503)
        if not any(fault == failing for _, fault in here.episodes):
            here.lasting(failing, self.seconds)
        return await failing.meet(here, request, handle)
