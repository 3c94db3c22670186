"""Reads the faults that a request asks for, from its W3C baggage.

The member is `fault=SERVICE.FAULT[:PARAM]`, several joined by `~`. A fault travels with its request and dies with it,
so there is nothing to switch off afterwards. What makes no sense is ignored and counted.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from opentelemetry import baggage, context, propagate

from services.kit.faults.error import Error
from services.kit.faults.latency import Latency
from services.kit.problems import Problem

logger = logging.getLogger("tracelab.edge")

MEMBER = "fault"
_MOST = 3  # faults on one request
_SERVICES = frozenset({"gateway", "order", "payment", "inventory"})


class Fault(Protocol):
    """Trouble at the door of a service."""

    async def before(self) -> Problem | None:
        """Act before the handler; a problem is the answer, and the handler does not run."""
        ...


_KINDS: dict[str, Callable[[str], Fault]] = {"latency": Latency.parse, "error": Error.parse}

ignored: Counter[str] = Counter()  # requests whose faults made no sense, by reason


def expect_baggage() -> None:
    """Warn where OTEL_PROPAGATORS leaves baggage out: requests could then ask for nothing."""
    if "baggage" not in propagate.get_global_textmap().fields:
        logger.warning("OTEL_PROPAGATORS lists no baggage: what a request carries in it is neither read nor passed on.")


async def meet(service: str | None) -> Problem | None:
    """Let the current request meet its faults in this service; a problem is its answer.

    None instead of a service: faults are off, and the member, and only this one, is taken off the request's baggage.
    """
    if service is None:
        context.attach(baggage.remove_baggage(MEMBER))
        return None
    for fault in asked_of(service):
        problem = await fault.before()
        if problem is not None:
            return problem
    return None


def asked_of(service: str) -> list[Fault]:
    """The faults of the current request that this service is to show."""
    text = baggage.get_baggage(MEMBER)
    if not isinstance(text, str):
        return []
    wanted = text.split("~")
    if len(wanted) > _MOST:
        ignored["too many"] += 1
        return []
    return [fault for item in wanted if (fault := _parse(item, service)) is not None]


def _parse(item: str, service: str) -> Fault | None:
    name, _, parameter = item.partition(":")
    where, _, kind = name.partition(".")
    if where not in _SERVICES or kind not in _KINDS:
        ignored["unknown"] += 1
        return None
    if where != service:
        return None
    try:
        return _KINDS[kind](parameter)
    except ValueError:
        ignored["parameter"] += 1
        return None
