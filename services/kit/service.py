"""Builds a service's app: routes like any FastAPI app's, with the kit around them."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
import fastapi
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from services.kit import edge, logs, problems, route, saturation, telemetry
from services.kit.client import BlockingPeer, Peer
from services.kit.database import Database
from services.kit.faults import journal, plane
from services.kit.faults.fault import Kind
from services.kit.settings import Settings


class ProblemBody(BaseModel):
    """An RFC 9457 problem."""

    type: str
    title: str
    status: int
    detail: str
    trace_id: str | None = None


_CLOSING_SECONDS = 2.0  # a database that does not answer must not keep a service from ending
_EVERYWHERE = (400, 404, 409, 413, 415, 422, 429, 500, 503, 504)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's words for answers that are problems."""
    problem = {"model": ProblemBody, "content": {problems.MEDIA_TYPE: {}}}
    return {status: {**problem, "description": problems.TITLES[status]} for status in statuses}


def service(
    name: str,
    settings: Settings,
    *,
    database: Database | None = None,
    peers: Sequence[Peer | BlockingPeer] = (),
    background: Sequence[Callable[[], Awaitable[None]]] = (),
    faults: Mapping[str, Kind] | None = None,
    observer: Callable[[edge.Served], None] | None = None,
    own_hosts_only: bool = False,
) -> fastapi.FastAPI:
    """A FastAPI app with health, errors, limits, budget and faults; `background` runs as long as the app does.

    `faults` are the service's own kinds, beside those of the kit.

    `own_hosts_only` refuses foreign Host names: for the one service that browsers reach.
    """
    logs.configure()
    if settings.faults and not telemetry.disabled():
        plane.expect_baggage()
    watch = saturation.LoopWatch()

    @asynccontextmanager
    async def lifespan(_: fastapi.FastAPI) -> AsyncIterator[None]:
        if database is not None:
            await database.start(*([journal.fill] if settings.faults else []))
        tasks = [asyncio.ensure_future(run()) for run in (watch.run, *background)]
        yield
        await anyio.to_thread.run_sync(telemetry.stop)  # first: the rest makes no spans, and may wait for others
        for task in tasks:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_SECONDS):
                await asyncio.gather(*tasks, return_exceptions=True)
                for peer in peers:
                    await peer.close()
                if database is not None:
                    await database.stop()

    app = fastapi.FastAPI(
        title=f"tracelab {name}",
        description=inspect.cleandoc(
            f"The {name} service of the tracelab shop. Errors are `application/problem+json` (RFC 9457)."
        ),
        version="1",
        lifespan=lifespan,
        telemetry={"operation_spans": False, "exclude": edge.is_untraced},  # one server span a request, from FastAPI
        redoc_url=None,
        redirect_slashes=False,  # /orders/ is another address, and a 404 says so
        responses=documented(*_EVERYWHERE, *([403] if own_hosts_only else [])),
    )
    app.router.route_class = route.Route
    app.state.plane = plane.Plane(name, database, faults, settings.standing) if settings.faults else plane.Closed()
    problems.install(app)
    _health(app, database)
    for middleware, options in _around(settings, watch, observer, own_hosts_only):
        app.add_middleware(middleware, **options)
    return app


def _around(
    settings: Settings,
    watch: saturation.LoopWatch,
    observer: Callable[[edge.Served], None] | None,
    own_hosts_only: bool,
) -> list[tuple[Any, dict[str, Any]]]:
    """The edge's layers, innermost first, as `add_middleware` wants them."""
    hosts = edge.allowed_hosts(settings.hosts) if own_hosts_only else None
    return [
        (edge.Budgets, {"seconds": settings.budget}),
        (
            edge.Limits,
            {
                "hosts": hosts,
                "body": settings.body_limit,
                "in_flight": settings.in_flight_limit,
                "seconds": settings.budget,
            },
        ),
        (edge.Accounting, {"watch": watch, "observer": observer}),
    ]


def _health(app: fastapi.FastAPI, database: Database | None) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def alive() -> Response:
        """This process runs; how it is traced, and what became of its spans; what it ignored in baggage, by reason."""
        spans = telemetry.counts()
        return JSONResponse(
            {
                "status": "ok",
                "spans": {"ended": spans.ended, "delivered": spans.delivered, "lost": spans.lost},
                "tracing": {"sampler": telemetry.sampler(), "exporters": telemetry.exporters()},
                "ignored": plane.ignored,
            }
        )

    @app.get("/readyz", include_in_schema=False)
    async def ready() -> Response:
        """Requests can be served: the database answers."""
        if database is not None and not await database.ready():
            return problems.response(problems.unavailable("The database does not answer."))
        return JSONResponse({"status": "ready"})
