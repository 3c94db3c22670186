"""The page of one trace, and what can be taken home from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from backend.pages.page import page
from backend.pages.view import embedded, view
from backend.store import Store
from discovery import jaeger, otlp, zipkin
from discovery.trace import Span, Trace

_COLUMNS = 120
_MOST_INSIDE = 500  # spans of a drawing that the page itself brings along for who runs no script

_FORMS: dict[str, Callable[[list[Span]], Any]] = {
    "zipkin": lambda spans: [zipkin.as_json(span) for span in spans],
    "jaeger": jaeger.as_json,
    "otlp": otlp.as_json,
}


def trace(request: Request) -> Response:
    """`GET /trace/{trace_id}`: the trace; a page that waits for it, with 404, where it is not here."""
    trace_id = request.path_params["trace_id"]
    found = _store(request).trace(trace_id)
    if found is None:
        return page("absent.html", 404, title="No such trace", trace_id=trace_id)
    drawing = _drawn(found) if len(found.spans) <= _MOST_INSIDE else ""
    title = f"{found.root.service} {found.root.name}"[:120]
    model = view(found)
    if left_out := _store(request).left_out(trace_id):
        model["remarks"].append(f"{left_out:,} more spans of this trace are kept, too many to be read.")
    return page("trace.html", title=title, model=embedded(model), trace_id=found.trace_id, drawing=drawing)


def text(request: Request) -> Response:
    """`GET /trace/{trace_id}/text`: the waterfall as the terminal draws it."""
    found = _store(request).trace(request.path_params["trace_id"])
    if found is None:
        raise _absent(request)
    return PlainTextResponse(_drawn(found) + "\n")


def download(request: Request) -> Response:
    """`GET /trace/{trace_id}/{form}.json`: the spans as Zipkin, Jaeger or an OTLP exporter would write them."""
    write = _FORMS.get(request.path_params["form"])
    if write is None:
        raise HTTPException(404, f"There is no such form; expected one of {', '.join(_FORMS)}.")
    spans = _store(request).spans(request.path_params["trace_id"])
    if not spans:
        raise _absent(request)
    return Response(json.dumps(write(spans), indent=1), media_type="application/json")


def _drawn(trace: Trace) -> str:
    from discovery.waterfall import waterfall  # noqa: PLC0415 - memory that an idle backend need not hold

    return waterfall(trace, _COLUMNS)


def _absent(request: Request) -> HTTPException:
    return HTTPException(404, f"There is no trace {request.path_params['trace_id']} here.")


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store
