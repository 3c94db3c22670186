"""A shop of one process for the load's tests: the same routes, freezing and failing on demand, and a span collector."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Seen:
    """A request as the shop got it."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any

    @property
    def sequence(self):
        """The number at the end of its Idempotency-Key."""
        return int(self.headers["Idempotency-Key"].rpartition("-")[2])

    @property
    def trace_id(self):
        """The id in its traceparent."""
        return self.headers["traceparent"].split("-")[1]


@dataclass
class TinyShop:
    """`answers` maps a route to a status, or to `hold` (never answer), `hang-up` or `nonsense`."""

    answers: dict[str, int | str] = field(default_factory=dict)
    greets: bool = True  # the visit before the run is served well, whatever `answers` says
    faults_on: bool = True
    seen: list[Seen] = field(default_factory=list)
    otlp: list[ExportTraceServiceRequest] = field(default_factory=list)
    zipkin: list[dict[str, Any]] = field(default_factory=list)
    frozen: tuple[float, float] = (0.0, 0.0)
    url: str = ""

    def orders(self):
        """The orders it was asked for."""
        return [seen for seen in self.seen if seen.method == "POST"]

    def otlp_spans(self):
        """Every span that came by OTLP, with its service's name."""
        return [
            (next(item.value.string_value for item in part.resource.attributes if item.key == "service.name"), span)
            for request in self.otlp
            for part in request.resource_spans
            for scope in part.scope_spans
            for span in scope.spans
        ]

    def freeze_in(self, delay, seconds):
        """Block the whole process's event loop for a while, as a long collection or a full disk does."""
        self._loop.call_soon_threadsafe(self._loop.call_later, delay, self._freeze, seconds)

    def start(self):
        """Serve on a port of its own, in a thread of its own."""
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)))
        self._thread.start()
        assert ready.wait(10)

    def stop(self):
        """Close every connection and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._done.set)
            self._thread.join(10)

    def _freeze(self, seconds):
        start = time.time()
        time.sleep(seconds)
        self.frozen = (start, time.time())

    async def _serve(self, ready):
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_get("/products", self._products)
        app.router.add_post("/orders", self._place)
        app.router.add_get("/orders/{id}", self._read)
        app.router.add_post("/v1/traces", self._take_otlp)
        app.router.add_post("/api/v2/spans", self._take_zipkin)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        ready.set()
        await self._done.wait()
        await runner.cleanup()

    async def _products(self, request):
        goods = [{"sku": sku, "available": 1_000_000} for sku in ("tea-pot", "cup", "lamp", "umbrella")]
        goods.append({"sku": "last-one", "available": 1})
        return await self._answer(request, "GET /products", 200, goods, self.greets and not self.seen)

    async def _place(self, request):
        answer = {"id": f"order-{len(self.seen)}", "status": "confirmed", "items": [], "total": 1, "currency": "USD"}
        return await self._answer(request, "POST /orders", 201, answer)

    async def _read(self, request):
        return await self._answer(request, "GET /orders/{id}", 200, {"id": request.match_info["id"]})

    async def _answer(self, request, route, status, body, always=False):
        text = await request.text()
        self.seen.append(Seen(request.method, request.path, dict(request.headers), json.loads(text) if text else None))
        wanted = status if always else self.answers.get(route, status)
        baggage = unquote(request.headers.get("baggage", "")) if self.faults_on else ""
        if "payment.latency:300ms" in baggage:
            await asyncio.sleep(0.3)
        if "inventory.error:503" in baggage:
            wanted = 503
        if wanted == "hold":
            await asyncio.sleep(60)
        if wanted == "hang-up":
            request.transport.abort()
        if wanted == "nonsense":
            return web.Response(status=status, text="<html>")
        return web.json_response(body, status=wanted if isinstance(wanted, int) else status)

    async def _take_otlp(self, request):
        self.otlp.append(ExportTraceServiceRequest.FromString(await request.read()))
        return web.Response()

    async def _take_zipkin(self, request):
        self.zipkin.extend(await request.json())
        return web.Response(status=202)
