"""The query API, a part of Zipkin's v2: https://zipkin.io/zipkin-api/."""

from __future__ import annotations

import time
from dataclasses import asdict

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from backend.criteria import Criteria
from backend.store import Store
from discovery import zipkin


async def health(request: Request) -> Response:
    """`GET /health`: up, and what came in, was refused and was dropped, in spans."""
    return JSONResponse({"status": "UP", **asdict(_store(request).counts)})


async def services(request: Request) -> Response:
    """`GET /api/v2/services`: the names, sorted."""
    return JSONResponse(_store(request).services())


async def trace(request: Request) -> Response:
    """`GET /api/v2/trace/{id}`: its spans as a list, or 404."""
    trace_id = request.path_params["trace_id"]
    spans = _store(request).spans(trace_id)
    if not spans:
        raise HTTPException(404, f"There is no trace {trace_id} here: never sent, or dropped to make room.")
    return JSONResponse([zipkin.as_json(span) for span in spans])


async def traces(request: Request) -> Response:
    """`GET /api/v2/traces`: the latest by serviceName, limit, endTs, lookback (ms), minDuration, maxDuration (us)."""
    criteria = Criteria(
        service=request.query_params.get("serviceName", ""),
        least=_whole(request, "minDuration", 0),
        most=_whole(request, "maxDuration", 2**62),
        until=_whole(request, "endTs", int(time.time() * 1000)) * 1000,
        lookback=_whole(request, "lookback", 86_400_000) * 1000,
        limit=min(_whole(request, "limit", 10), 1000),
    )
    return JSONResponse([[zipkin.as_json(span) for span in spans] for spans in _store(request).search(criteria)])


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise HTTPException(400, f"{name} is {text[:40]!r}; expected a whole number.")
    return int(text)


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store
