"""Sends a plan's requests at their times, whatever comes back and however slowly: an open loop.

Latency is measured from the intended time, so that a stalled shop cannot hide its stall by delaying the next request
(Gil Tene's "coordinated omission").
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from load.answer import EXPECTED, Answer
from load.result import Outcome, Request, Result, Stretch
from load.schedule import Arrival, Plan
from load.shop import Shop, visit
from load.tracing import Tracing, untraced_headers

_LEAD = 0.05  # seconds between the end of the preparations and the first request
_TICK = 0.25  # seconds between two looks of the watcher


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a run; times in seconds. A shop that gives up after 10 s has answered within the defaults."""

    in_flight: int = 1_000  # a request due beyond them is dropped
    timeout: float = 15.0  # for one request
    patience: float = 12.0  # after the last request, for those in flight
    patience_when_stopped: float = 1.0
    flush: float = 5.0  # for spans still queued at the end


@dataclass(frozen=True, slots=True)
class Progress:
    """A look at a run under way; times in seconds."""

    phase: str
    elapsed: float
    total: float
    in_flight: int
    counts: dict[Outcome, int]


async def drive(
    plan: Plan,
    target: str,
    *,
    limits: Limits | None = None,
    stop: asyncio.Event | None = None,
    watch: Callable[[Progress], None] | None = None,
) -> Result:
    """Run a plan against a shop.

    `stop` ends it early, `watch` is told several times a second how it goes. Unreachable where no shop answers at the
    start, WrongUse where OTEL_* names what is not there; nothing raises once requests are under way.
    """
    limits = limits or Limits()
    name = secrets.token_hex(4)
    tracing = Tracing()
    try:
        connector = aiohttp.TCPConnector(limit=0)  # the cap on requests in flight is ours
        timeout = aiohttp.ClientTimeout(total=limits.timeout)
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        ) as session:
            shop = await visit(session, target, plan, name, untraced_headers())
            run = _Run(plan, shop, tracing, limits)
            interrupted = await run.all(stop or asyncio.Event(), watch)
    finally:
        spans = await asyncio.to_thread(tracing.close, limits.flush)
    return Result(
        run=name,
        target=target,
        plan=plan,
        stretches=run.stretches(),
        requests=tuple(sorted(run.requests, key=lambda request: request.arrival.sequence)),
        interrupted=interrupted,
        traced=tracing.stored,
        spans=spans,
    )


class _Run:
    def __init__(self, plan: Plan, shop: Shop, tracing: Tracing, limits: Limits) -> None:
        self.requests: list[Request] = []
        self._plan = plan
        self._shop = shop
        self._tracing = tracing
        self._limits = limits
        self._counts: Counter[Outcome] = Counter()
        self._flying: set[asyncio.Task[None]] = set()
        self._clock = asyncio.get_running_loop().time
        self._total = sum(phase.milliseconds for phase in plan.phases) / 1_000
        self._zero = self._clock() + _LEAD
        self._began = datetime.now(UTC) + timedelta(seconds=_LEAD)
        self._elapsed = 0.0

    async def all(self, stop: asyncio.Event, watch: Callable[[Progress], None] | None) -> bool:
        """Send everything, or until told to stop; True if it was stopped."""
        watching = asyncio.create_task(self._tell(watch)) if watch else None
        sending = asyncio.create_task(self._send_on_time())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        self._elapsed = min(max(self._clock() - self._zero, 0.0), self._total)
        await _cancel(sending)
        await self._land(stopping)
        await _cancel(stopping, watching)
        return stop.is_set()

    def stretches(self) -> tuple[Stretch, ...]:
        """Give the phases that began, the last one cut where the run was."""
        found: list[Stretch] = []
        begins = 0.0
        for phase in self._plan.phases:
            ends = begins + phase.milliseconds / 1_000
            if begins < self._elapsed or not found:
                found.append(Stretch(phase.name, self._at(begins), self._at(min(ends, self._elapsed))))
            begins = ends
        return tuple(found)

    def _at(self, seconds: float) -> datetime:
        return self._began + timedelta(seconds=seconds)

    async def _send_on_time(self) -> None:
        for arrival in self._plan.arrivals:
            due = self._zero + arrival.at / 1e6
            await asyncio.sleep(max(due - self._clock(), 0))  # even when late, so that requests get their turn
            if len(self._flying) >= self._limits.in_flight:
                self._note(Request(arrival, Outcome.DROPPED))
                continue
            task = asyncio.create_task(self._send(arrival, due))
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)
        await asyncio.sleep(max(self._zero + self._total - self._clock(), 0))

    async def _land(self, stopping: asyncio.Task[bool]) -> None:
        """Wait for those in flight, less long once told to stop; the rest is unfinished."""
        flying = list(self._flying)
        if flying:
            landing = asyncio.create_task(asyncio.wait(flying))
            await asyncio.wait({landing, stopping}, timeout=self._limits.patience, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                await asyncio.wait({landing}, timeout=self._limits.patience_when_stopped)
            await _cancel(landing, *flying)

    async def _send(self, arrival: Arrival, due: float) -> None:
        ask = self._shop.ask(arrival)
        root = self._tracing.root(arrival.route, ask.url, arrival.fault)
        answer = Answer(None, "unfinished")
        sent = self._clock()
        try:
            answer = await self._shop.send(ask, root.headers)
        finally:
            ended = self._clock()
            root.end(answer)
            outcome = _outcome(answer)
            self._note(
                Request(
                    arrival,
                    outcome,
                    error=answer.error if outcome is Outcome.ERROR else None,
                    latency=None if outcome is Outcome.UNFINISHED else (ended - due) * 1_000,
                    service=None if outcome is Outcome.UNFINISHED else (ended - sent) * 1_000,
                    late=max(sent - due, 0.0) * 1_000,
                    trace_id=root.trace_id if self._tracing.stored else None,
                )
            )

    def _note(self, request: Request) -> None:
        self.requests.append(request)
        self._counts[request.outcome] += 1

    async def _tell(self, watch: Callable[[Progress], None]) -> None:
        while True:
            elapsed = min(max(self._clock() - self._zero, 0.0), self._total)
            watch(Progress(self._phase(elapsed), elapsed, self._total, len(self._flying), dict(self._counts)))
            await asyncio.sleep(_TICK)

    def _phase(self, elapsed: float) -> str:
        ends = 0.0
        for phase in self._plan.phases:
            ends += phase.milliseconds / 1_000
            if elapsed < ends:
                return phase.name
        return "landing"


def _outcome(answer: Answer) -> Outcome:
    if answer.error == "unfinished":
        return Outcome.UNFINISHED
    if answer.error is not None:
        return Outcome.ERROR
    return Outcome.EXPECTED if answer.status in EXPECTED else Outcome.OK


async def _cancel(*tasks: asyncio.Task[Any] | None) -> None:
    running = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
