"""The query API, Zipkin's v2: https://zipkin.io/zipkin-api/.

Where the real server does otherwise is listed in docs/backend.md. The endpoints are no coroutines: the store blocks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from backend import parameters
from backend.store import Store
from discovery import zipkin
from discovery.dependencies import Link
from discovery.trace import Span

# What Zipkin's own page asks for before all else; the names are its own.
_PAGE = {
    "environment": "tracelab",
    "queryLimit": 10,
    "defaultLookback": 900_000,
    "searchEnabled": True,
    "logsUrl": None,
    "supportUrl": None,
    "archivePostUrl": None,
    "archiveUrl": None,
    "dependency": {"enabled": True, "lowErrorRate": 0.5, "highErrorRate": 0.75},
}


def health(request: Request) -> Response:
    """`GET /health`: up or not, and what came in, was refused and was dropped, in spans."""
    failure = _store(request).failure
    status = {"status": "DOWN", "failure": failure} if failure else {"status": "UP"}
    return JSONResponse({**status, **asdict(_store(request).counts)}, 503 if failure else 200)


def info(_: Request) -> Response:
    """`GET /info`: which program this is."""
    return _json({"tracelab": {"version": version("tracelab")}})


def page(_: Request) -> Response:
    """`GET /zipkin/config.json`: how Zipkin's own page is set."""
    return _json(_PAGE)


def services(request: Request) -> Response:
    """`GET /api/v2/services`: the names, sorted."""
    return _json(_store(request).services())


def names(request: Request) -> Response:
    """`GET /api/v2/spans`: the names of a service's spans, sorted."""
    service = parameters.text(request, "serviceName")
    return _json(_store(request).names(service) if service else [])


def remotes(request: Request) -> Response:
    """`GET /api/v2/remoteServices`: the services that a service named as the other side, sorted."""
    service = parameters.text(request, "serviceName")
    return _json(_store(request).remotes(service) if service else [])


def traces(request: Request) -> Response:
    """`GET /api/v2/traces`: the latest that meet the criteria, the latest first."""
    return _json([_spelled(spans) for spans in _store(request).search(parameters.criteria(request))])


def trace(request: Request) -> Response:
    """`GET /api/v2/trace/{id}`: its spans as a list, or 404."""
    trace_id = request.path_params["trace_id"]
    spans = _store(request).spans(parameters.trace_id(trace_id))
    if not spans:
        raise HTTPException(404, f"There is no trace {trace_id} here: never sent, or dropped to make room.")
    return _json(_spelled(spans))


def trace_many(request: Request) -> Response:
    """`GET /api/v2/traceMany`: those of the traces asked for that are here."""
    found = [_store(request).spans(each) for each in parameters.trace_ids(request)]
    return _json([_spelled(spans) for spans in found if spans])


def dependencies(request: Request) -> Response:
    """`GET /api/v2/dependencies`: who called whom, how often, and how often that failed."""
    until, lookback = parameters.window(request, parameters.moment(request, "endTs"))
    return _json([_link(link) for link in _store(request).links(until - lookback, until)])


def keys(request: Request) -> Response:
    """`GET /api/v2/autocompleteKeys`: the keys of tags, sorted."""
    return _json(_store(request).tag_keys())


def values(request: Request) -> Response:
    """`GET /api/v2/autocompleteValues`: values of a tag, sorted."""
    key = parameters.text(request, "key")
    if not key:
        raise HTTPException(400, "key is empty; expected a tag's key.")
    return _json(_store(request).tag_values(key))


_API = [
    Route("/api/v2/services", services),
    Route("/api/v2/spans", names),
    Route("/api/v2/remoteServices", remotes),
    Route("/api/v2/traces", traces),
    Route("/api/v2/trace/{trace_id}", trace),
    Route("/api/v2/traceMany", trace_many),
    Route("/api/v2/dependencies", dependencies),
    Route("/api/v2/autocompleteKeys", keys),
    Route("/api/v2/autocompleteValues", values),
]
# Zipkin's own page asks below /zipkin.
ROUTES: list[BaseRoute] = [
    Route("/health", health),
    Route("/info", info),
    *_API,
    Mount("/zipkin", routes=[Route("/config.json", page), *_API]),
]


def _spelled(spans: Iterable[Span]) -> list[dict[str, Any]]:
    return [zipkin.as_json(span) for span in spans]


def _link(link: Link) -> dict[str, str | int]:
    failed = {"errorCount": link.errors} if link.errors else {}
    return {"parent": link.parent, "child": link.child, "callCount": link.calls, **failed}


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store
