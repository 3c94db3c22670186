"""Payment's own deliberate defects; those of the card issuer behind it are in `moods`.

`payment.partial-failure`       the capture fails, after everything else went well.
`payment.thread-starvation[:1s]`  blocking handlers, which only payment has, fill its thread pool.
`payment.metastable[:1s]`         a trigger for an overload that goes on without it; order has its part in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from services.kit import problems
from services.kit.faults.fault import Handle, Here, kind, plain
from services.kit.faults.metastable import Trigger
from services.kit.faults.thread_starvation import ThreadStarvation


@dataclass(frozen=True, slots=True)
class PartialFailure:
    """Fails the capture, and only that."""

    async def meet(self, _here: Here, request: Request, handle: Handle) -> Response:
        """Refuse it, or go on with any other request."""
        if request.url.path.endswith("/capture"):
            return problems.response(problems.unavailable("The capture could not be made."))
        return await handle()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Nothing happens in the service: the issuer reads the baggage itself."""

    async def meet(self, _here: Here, _request: Request, handle: Handle) -> Response:
        """Go on."""
        return await handle()


KINDS = {
    "partial-failure": plain(PartialFailure()),
    "slow-dependency": kind(lambda _: Elsewhere()),
    "declined": plain(Elsewhere()),
    "metastable": kind(Trigger.parse),
    "thread-starvation": kind(ThreadStarvation.parse),
}
