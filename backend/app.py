"""The built-in backend as one application: ingest, query API and pages."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Iterable
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from backend import body, ingest, metrics, pages, query
from backend.store import Store

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "[::1]"))
_FOREIGN = "This host name is not served here: use 127.0.0.1, or list the name in TRACELAB_HOSTS.\n"


def create(store: Store, ending: threading.Event, *, hosts: Iterable[str] | None = None) -> ASGIApp:
    """Make the application around a store, which the caller closes.

    Answers without an end of their own end once `ending` is set. `hosts` are names served beside the loopback ones;
    where not given, those of TRACELAB_HOSTS.
    """
    app = Starlette(
        routes=[
            *pages.ROUTES,
            Route("/zipkin/", _home),
            Route("/zipkin/traces/{trace_id}", _zipkin_link),
            *query.ROUTES,
            Route("/metrics", metrics.metrics),
            Route("/v1/traces", ingest.traces, methods=["POST"]),
            Route("/v1/traces", ingest.preflight, methods=["OPTIONS"]),
            Route("/api/v2/spans", ingest.spans, methods=["POST"]),
            Route("/api/v2/spans", ingest.preflight, methods=["OPTIONS"]),
        ],
        exception_handlers={HTTPException: _refusal, sqlite3.Error: _unreadable},
    )
    app.state.store = store
    app.state.room = body.Room()
    app.state.large = asyncio.Lock()
    app.state.ending = ending
    names = os.environ.get("TRACELAB_HOSTS", "").split(",") if hosts is None else hosts
    return OwnHosts(app, _LOOPBACK | {name.strip().lower() for name in names if name.strip()})


class OwnHosts:
    """Refuses other Host headers: any web page can reach 127.0.0.1 under a name of its own, and read there."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], refusal: str = _FOREIGN) -> None:
        self.app, self.hosts, self.refusal = app, hosts, refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then serve."""
        if scope["type"] == "http" and _host(scope) not in self.hosts:
            return await PlainTextResponse(self.refusal, 403)(scope, receive, send)
        return await self.app(scope, receive, send)


def _host(scope: Scope) -> str:
    """Return the Host header's name without its port, in lower case."""
    raw: str = dict(scope["headers"]).get(b"host", b"").decode("latin-1").strip().lower()
    name, colon, port = raw.rpartition(":")
    return name if colon and port.isdecimal() else raw


async def _home(_: Request) -> Response:
    return RedirectResponse("/")


async def _zipkin_link(request: Request) -> Response:
    return RedirectResponse(f"/trace/{quote(request.path_params['trace_id'])}")


async def _refusal(_: Request, error: Exception) -> Response:
    status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "Internal error.")
    return PlainTextResponse(f"{detail}\n", status, headers=getattr(error, "headers", None))


async def _unreadable(_: Request, error: Exception) -> Response:
    text = f"The store cannot be read ({error}); if that stays so, move its file away and start the backend again.\n"
    return PlainTextResponse(text, 503, headers={"Retry-After": "10"})
