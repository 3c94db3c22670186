"""What happens at a service's door, outermost first: accounting, limits, the time budget. Pure ASGI."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from time import perf_counter, time
from typing import Any

from opentelemetry import trace
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kit import budget, problems, saturation, telemetry
from services.kit.problems import Problem

logger = logging.getLogger("tracelab.edge")

# Not part of the shop: neither traced nor accounted.
UNTRACED = frozenset(
    {"/", "/healthz", "/readyz", "/books", "/latest", "/faults", "/favicon.ico", "/openapi.json", "/docs"}
)
_WAITS = ("loop", "thread", "pool")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def is_untraced(scope: MutableMapping[str, Any]) -> bool:
    """Whether a request is not the shop's."""
    return scope.get("path") in UNTRACED


@dataclass(frozen=True, slots=True)
class Served:
    """One request as the edge saw it; `at` is a Unix time, `seconds` its duration."""

    at: float
    method: str
    path: str
    status: int
    seconds: float
    trace_id: str


class Accounting:
    """One log line a request, its waits on the server span, and a word to whoever observes."""

    def __init__(self, app: ASGIApp, watch: saturation.LoopWatch, observer: Callable[[Served], None] | None) -> None:
        self.app, self.watch, self.observer = app, watch, observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, then account."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if is_untraced(scope):
            with telemetry.untraced():  # what it asks the database would be a trace of its own
                await self.app(scope, receive, send)
            return
        start, status, waits = perf_counter(), 500, saturation.Waits()
        token = saturation.current.set(waits)

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._mark(message, start, waits)  # now: the server span ends with the response
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            saturation.current.reset(token)
            self._account(scope, status, perf_counter() - start)

    def _mark(self, message: Message, start: float, waits: saturation.Waits) -> None:
        """Name the trace in the response, and put the waits on the span."""
        span = trace.get_current_span()
        context = span.get_span_context()
        if context.is_valid:
            named = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
            message["headers"] = [*message["headers"], (b"traceresponse", named.encode())]
        if span.is_recording():
            waits.loop = self.watch.worst_since(start)
            attributes = {f"tracelab.wait.{name}": round(getattr(waits, name) * 1000, 2) for name in _WAITS}
            size = Headers(raw=message["headers"]).get("content-length", "")
            span.set_attributes(attributes | ({"http.response.body.size": int(size)} if size.isdecimal() else {}))

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        method, path = scope["method"], scope["path"]
        extra = {"status": status, "duration_ms": round(seconds * 1000, 2)}
        logger.log(logging.ERROR if status >= 500 else logging.INFO, "%s %s %d", method, path, status, extra=extra)
        if self.observer is not None:
            context = trace.get_current_span().get_span_context()
            trace_id = (
                trace.format_trace_id(context.trace_id) if context.is_valid and context.trace_flags.sampled else ""
            )
            self.observer(Served(time(), method, path, status, seconds, trace_id))


class Limits:
    """Refuses what should not reach a route: foreign host names, bodies that are huge or not JSON, too many at once."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None, body: int, in_flight: int, seconds: float) -> None:
        self.app, self.hosts, self.body, self.in_flight, self.seconds = app, hosts, body, in_flight, seconds
        self._serving = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then serve."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            receive = await self._checked(scope, receive)
        except Problem as problem:
            await problems.response(problem)(scope, receive, send)
            return
        self._serving += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._serving -= 1

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if self.hosts is not None and host.rpartition(":")[0] not in self.hosts and host not in self.hosts:
            raise Problem(403, "foreign-host", "This host name is not served here; TRACELAB_HOSTS may list it.")
        if self._serving >= self.in_flight and scope["path"] not in UNTRACED:
            raise problems.busy("Too many requests are being served; try again in a moment.")
        length = headers.get("content-length", "0")
        chunked = "transfer-encoding" in headers
        if not chunked and length == "0":
            return receive
        if not _is_json(headers.get("content-type", "")):
            raise Problem(415, "media-type", "The body must be application/json.")
        if int(length) > self.body:
            raise Problem(413, "too-large", f"The body may hold {self.body} bytes at most.")
        try:
            async with asyncio.timeout(self.seconds):
                return await self._read(receive)
        except TimeoutError:
            raise problems.out_of_time("The body did not arrive in time.") from None

    async def _read(self, receive: Receive) -> Receive:
        """Take in the body, up to the limit, and hand it on as one message: who sends slowly takes nobody's place."""
        body = bytearray()
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self.body:
                raise Problem(413, "too-large", f"The body may hold {self.body} bytes at most.")
        messages = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def replay() -> Message:
            return messages.pop() if messages else await receive()

        return replay


def allowed_hosts(configured: frozenset[str]) -> frozenset[str]:
    """Host names that may be asked for: any web page can reach 127.0.0.1 under a name of its own, and is refused."""
    return _LOOPBACK | configured


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"


class Budgets:
    """Starts each request's time budget: what the caller left of it, or the service's own."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app, self.seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve within the budget."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with budget.spend(budget.parse(Headers(scope=scope).get(budget.HEADER), self.seconds)):
            await self.app(scope, receive, send)
