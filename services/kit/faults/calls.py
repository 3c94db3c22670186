"""Faults of a caller: how a request's calls to other services are made.

`SERVICE.timeout-mismatch[:300ms]`  it gives up before the other side does, and does not tell it.
`SERVICE.retry-storm[:3]`           it tries again at once whatever failed, and so does everybody below it.
`SERVICE.broken-propagation`        it does not pass the trace's headers on.
`SERVICE.service-down`              callers of the service find nobody listening.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from services.kit import manner
from services.kit.faults.fault import Handle, Here, Kind, kind, plain
from services.kit.faults.parameters import count, seconds


@dataclass(frozen=True, slots=True)
class Calling:
    """Changes the manner of the request's calls."""

    changes: dict[str, object]

    async def meet(self, _here: Here, _request: Request, handle: Handle) -> Response:
        """Go on in that manner."""
        with manner.kept(replace(manner.current(), **self.changes)):  # type: ignore[arg-type]
            return await handle()


def _timeout_mismatch(text: str) -> Calling:
    return Calling({"timeout": seconds(text or "300ms", 0.05, 4)})


def _retry_storm(text: str, _named: str) -> Calling:
    return Calling({"attempts": count(text or "3", 2, 5)})


def _service_down(text: str, named: str) -> Calling:
    if text:
        raise ValueError(text)
    return Calling({"deserted": manner.current().deserted | {named}})


TIMEOUT_MISMATCH = kind(_timeout_mismatch)
RETRY_STORM = Kind(_retry_storm, lambda named, service: (named, service) != ("payment", "order"))
BROKEN_PROPAGATION = plain(Calling({"passes_context": False}))
SERVICE_DOWN = Kind(_service_down, lambda named, service: named != service)
