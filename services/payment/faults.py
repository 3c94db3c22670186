"""Payment's own deliberate defects, and the moods of the card issuer behind it.

`payment.partial-failure`          the capture fails, after everything else went well.
`payment.slow-dependency[:700ms]`  the issuer answers late.
`payment.declined`                 the issuer declines, whatever the card: no defect, but a control.

The issuer is somebody else's, and untraced; it reads the same baggage. Two faults of the services' calls need it: for
`timeout-mismatch` it takes twice as long as the caller waits, for `retry-storm` it refuses all attempts but the last.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from opentelemetry import baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from starlette.requests import Request
from starlette.responses import Response

from services.kit import problems
from services.kit.faults import plane
from services.kit.faults.fault import Handle, Here, kind, plain
from services.kit.faults.parameters import count, seconds

_REMEMBERED = 1_000  # orders whose attempts are counted


@dataclass(frozen=True, slots=True)
class PartialFailure:
    """Fails the capture, and only that."""

    async def meet(self, _here: Here, request: Request, handle: Handle) -> Response:
        """Refuse it, or go on with any other request."""
        if request.url.path.endswith("/capture"):
            return problems.response(problems.unavailable("The capture could not be made."))
        return await handle()


class Mood(Protocol):
    """How the issuer is disposed towards one question."""

    async def answer(self, key: str, approved: bool) -> bool:
        """Approve or decline, perhaps late; a Problem where it refuses."""
        ...


@dataclass(frozen=True, slots=True)
class Late:
    """Answers after so many seconds."""

    seconds: float

    async def answer(self, _key: str, approved: bool) -> bool:
        """Wait, then answer."""
        await asyncio.sleep(self.seconds)
        return approved


@dataclass(frozen=True, slots=True)
class Declining:
    """Declines any card."""

    async def answer(self, _key: str, _approved: bool) -> bool:
        """No."""
        return False


@dataclass(frozen=True, slots=True)
class Refusing:
    """Fails until it was asked so many times about the same payment."""

    attempts: int

    async def answer(self, key: str, approved: bool) -> bool:
        """Refuse, but for the last attempt."""
        asked = _asked[key] = _asked.pop(key, 0) + 1
        if len(_asked) > _REMEMBERED:
            _asked.popitem(last=False)
        if asked < self.attempts:
            raise problems.unavailable("The issuer cannot answer at the moment.")
        return approved


_asked: OrderedDict[str, int] = OrderedDict()


def moods(header: str) -> list[Mood]:
    """The issuer's, as a request's baggage header has them; what makes no sense is ignored."""
    text = baggage.get_baggage(plane.MEMBER, W3CBaggagePropagator().extract({"baggage": header}))
    return [mood for item in str(text or "").split("~") if (mood := _mood(item)) is not None]


def _mood(item: str) -> Mood | None:
    name, _, parameter = item.partition(":")
    try:
        match name.split("."):
            case ["payment", "slow-dependency"]:
                return Late(seconds(parameter or "700ms", 0.01, 8))
            case ["gateway" | "order", "timeout-mismatch"]:
                return Late(2 * seconds(parameter or "300ms", 0.05, 4))
            case ["payment", "retry-storm"]:
                return Refusing(count(parameter or "3", 2, 5))
            case ["order", "retry-storm"]:
                return Refusing(count(parameter or "3", 2, 5) ** 2)  # order's attempts, times payment's own
            case ["payment", "declined"]:
                return Declining()
    except ValueError:
        pass
    return None


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
}
