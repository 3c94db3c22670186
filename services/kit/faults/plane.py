"""Reads the faults that a request asks for, from its W3C baggage, and lets it meet them.

The member is `fault=SERVICE.FAULT[:PARAM]`, several joined by `~`. A fault travels with its request and dies with it,
so there is nothing to switch off afterwards. What makes no sense is ignored and counted.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping
from functools import partial

from opentelemetry import propagate
from starlette.requests import Request
from starlette.responses import Response

from services.kit.database import Database
from services.kit.faults import member
from services.kit.faults.fault import Fault, Handle, Here, Kind
from services.kit.faults.kinds import KINDS

logger = logging.getLogger("tracelab.edge")

_MOST = 3  # faults on one request
_SERVICES = frozenset({"gateway", "order", "payment", "inventory"})

ignored: Counter[str] = Counter()  # requests whose faults made no sense, by reason


def expect_baggage() -> None:
    """Warn where OTEL_PROPAGATORS leaves baggage out: requests could then ask for nothing."""
    if "baggage" not in propagate.get_global_textmap().fields:
        logger.warning("OTEL_PROPAGATORS lists no baggage: what a request carries in it is neither read nor passed on.")


class Closed:
    """Faults are off: the member, and only this one, is taken off a request's baggage."""

    async def through(self, _request: Request, handle: Handle) -> Response:
        """Handle the request as it would be without it."""
        member.strip()
        return await handle()


class Plane:
    """The faults of one service: those of the kit, its `own`, and `standing` ones that every request meets."""

    def __init__(
        self, service: str, database: Database | None, own: Mapping[str, Kind] | None = None, standing: str = ""
    ) -> None:
        self._kinds = {**KINDS, **(own or {})}
        self._here = Here(service, database)
        self._standing = self.read(standing) if standing else []

    async def through(self, request: Request, handle: Handle) -> Response:
        """Handle a request as its faults have it."""
        text = member.carried()
        asked = self.read(text) if text else []
        for fault in [*reversed(asked), *self._standing, *self._episodes()]:
            handle = partial(fault.meet, self._here, request, handle)
        return await handle()

    def read(self, text: str) -> list[Fault]:
        """The faults that this service is to show, in their order."""
        wanted = text.split("~")
        if len(wanted) > _MOST:
            ignored["too many"] += 1
            return []
        return [fault for item in wanted if (fault := self._parse(item)) is not None]

    def _episodes(self) -> list[Fault]:
        """What this process shows to everybody for a while."""
        now = time.monotonic()
        self._here.episodes[:] = [each for each in self._here.episodes if each[0] > now]
        return [fault for _, fault in self._here.episodes]

    def _parse(self, item: str) -> Fault | None:
        name, _, parameter = item.partition(":")
        named, _, wanted = name.partition(".")
        kind = self._kinds.get(wanted)
        if named not in _SERVICES or (kind is None and named == self._here.service):
            ignored["unknown"] += 1
            return None
        if kind is None or not kind.reaches(named, self._here.service):
            return None
        try:
            fault: Fault = kind.parse(parameter, named)
        except ValueError:
            ignored["parameter"] += 1
            return None
        return fault
