"""The moods of the card issuer: how somebody else's system hurts the one that asks it.

It is untraced and none of ours, but reads the same baggage, so that trouble there is real:

`payment.slow-dependency[:700ms]`  it answers late.
`payment.declined`                 it declines, whatever the card: no defect, but a control.

Two faults of a caller's manner need it: for `timeout-mismatch` it takes twice as long as the caller waits, for
`retry-storm` it refuses all attempts but the last.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from services.kit import problems
from services.kit.faults import member
from services.kit.faults.parameters import count, seconds

_REMEMBERED = 1_000  # payments whose attempts are counted


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
    return [mood for item in member.of_header(header).split("~") if (mood := _mood(item)) is not None]


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
