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

from load.answer import EXPECTED, Answer
from load.result import Outcome, Request, Result, Stretch
from load.schedule import Arrival, Plan
from load.shop import Shop, visit
from load.tracing import Tracing
from load.wire import Wire

_LEAD = 0.05  # seconds between the end of the preparations and the first request
_TICK = 0.25  # seconds between two looks of the watcher
_SWEEP = 0.05  # seconds between two looks for requests that take too long


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
    tracing, wire = Tracing(target), Wire(target)
    try:
        shop = await visit(wire, target, plan, name, tracing.untraced_headers())
        run = _Run(plan, shop, tracing, limits)
        interrupted = await run.all(stop or asyncio.Event(), watch)
    finally:
        wire.close()
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
        self._flying: dict[int, tuple[asyncio.Task[None], float]] = {}  # by sequence, with the time of their start
        self._expired: set[int] = set()
        self._clock = asyncio.get_running_loop().time
        self._total = sum(phase.milliseconds for phase in plan.phases) / 1_000
        self._zero = self._clock() + _LEAD
        self._began = datetime.now(UTC) + timedelta(seconds=_LEAD)
        self._elapsed = 0.0

    async def all(self, stop: asyncio.Event, watch: Callable[[Progress], None] | None) -> bool:
        """Send everything, or until told to stop; True if it was stopped."""
        watching = asyncio.create_task(self._tell(watch)) if watch else None
        sweeping = asyncio.create_task(self._sweep())
        sending = asyncio.create_task(self._send_on_time())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        self._elapsed = min(max(self._clock() - self._zero, 0.0), self._total)
        await _cancel(sending)
        await self._land(stopping)
        await _cancel(stopping, sweeping, watching)
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
            if (wait := due - self._clock()) > 0:
                await asyncio.sleep(wait)
            if len(self._flying) >= self._limits.in_flight:
                self._note(Request(arrival, Outcome.DROPPED))
            else:
                task = asyncio.create_task(self._send(arrival, due))
                self._flying[arrival.sequence] = task, self._clock()
        await asyncio.sleep(max(self._zero + self._total - self._clock(), 0))

    async def _sweep(self) -> None:
        """End requests that take too long; one look at many is cheaper than a timer for each."""
        while True:
            await asyncio.sleep(_SWEEP)
            began_before = self._clock() - self._limits.timeout
            for sequence, (task, began) in self._flying.items():
                if began > began_before:
                    break  # and so did all that follow
                self._expired.add(sequence)
                task.cancel()

    async def _land(self, stopping: asyncio.Task[bool]) -> None:
        """Wait for those in flight, less long once told to stop; the rest is unfinished."""
        flying = [task for task, _ in self._flying.values()]
        if flying:
            landing = asyncio.create_task(asyncio.wait(flying))
            await asyncio.wait({landing, stopping}, timeout=self._limits.patience, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                await asyncio.wait({landing}, timeout=self._limits.patience_when_stopped)
            await _cancel(landing, *flying)

    async def _send(self, arrival: Arrival, due: float) -> None:
        ask = self._shop.ask(arrival)
        root = self._tracing.root(arrival, ask.path)
        answer = Answer(None, "unfinished")
        sent = self._clock()
        try:
            answer = await self._shop.send(ask, root.headers)
        except asyncio.CancelledError:
            if arrival.sequence in self._expired:
                answer = Answer(None, "timeout")
        ended = self._clock()
        del self._flying[arrival.sequence]
        root.end(answer)
        outcome = _outcome(answer)
        finished = outcome is not Outcome.UNFINISHED
        self._note(
            Request(
                arrival,
                outcome,
                error=answer.error if outcome is Outcome.ERROR else None,
                latency=(ended - due) * 1_000 if finished else None,
                service=(ended - sent) * 1_000 if finished else None,
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
