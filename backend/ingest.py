"""Where spans come in: OTLP over HTTP and Zipkin v2 JSON. Good spans of a batch are kept, bad ones counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from backend import body, protobuf
from backend.store import Store
from discovery import ids, otlp, zipkin
from discovery.errors import Malformed
from discovery.trace import Span

_PROTOBUF = "application/x-protobuf"
# A page of any origin may send spans of its own; what is kept here it may not read.
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "content-type, content-encoding, traceparent, tracestate, baggage",
    "Access-Control-Max-Age": "600",
}


async def preflight(_: Request) -> Response:
    """Let browsers post spans."""
    return Response(status_code=204, headers=_CORS)


async def traces(request: Request) -> Response:
    """`POST /v1/traces`: OTLP, answered in the form in which it came."""
    media = _media(request)
    if media not in (_PROTOBUF, "application/json"):
        raise HTTPException(415, f"The body's content-type must be {_PROTOBUF} or application/json.")
    content = await body.read(request)
    read = protobuf.spans if media == _PROTOBUF else _otlp_json
    refused, reason = _keep(request.app.state.store, lambda: read(content))
    if media == _PROTOBUF:
        return Response(protobuf.answer(refused, reason), media_type=_PROTOBUF, headers=_CORS)
    partial = {"partialSuccess": {"rejectedSpans": str(refused), "errorMessage": reason}} if refused else {}
    return JSONResponse(partial, headers=_CORS)


async def spans(request: Request) -> Response:
    """`POST /api/v2/spans`: a list of spans in Zipkin v2 JSON; 202, with what was refused where something was."""
    if _media(request) != "application/json":
        raise HTTPException(415, "The body's content-type must be application/json: spans in Zipkin's v2 form.")
    content = await body.read(request)
    refused, reason = _keep(request.app.state.store, lambda: _zipkin_json(content))
    if not refused:
        return Response(status_code=202, headers=_CORS)
    return JSONResponse({"refused": refused, "reason": reason}, 202, headers=_CORS)


def _keep(store: Store, read: Callable[[], Iterable[Span | Malformed]]) -> tuple[int, str]:
    """Store the good spans; return how many were bad and what was wrong with the first. 400 where none can be read."""
    try:
        found = [_checked(each) for each in read()]
    except Malformed as error:
        raise HTTPException(400, str(error)) from error
    bad = [each for each in found if isinstance(each, Malformed)]
    store.add(each for each in found if isinstance(each, Span))
    store.counts.refused += len(bad)
    return len(bad), str(bad[0]) if bad else ""


def _checked(span: Span | Malformed) -> Span | Malformed:
    if isinstance(span, Span) and not (ids.is_trace_id(span.trace_id) and ids.is_span_id(span.span_id)):
        return Malformed(
            f"Span {span.span_id!r} of trace {span.trace_id!r} has an id that is not hexadecimal, or is all zeros."
        )
    return span


def _otlp_json(content: bytes) -> Iterator[Span | Malformed]:
    for place, resource, scope, raw in otlp.places(_decoded(content)):
        yield _attempted(otlp.span, raw, resource, place, scope)


def _zipkin_json(content: bytes) -> Iterator[Span | Malformed]:
    document = _decoded(content)
    if not isinstance(document, list):
        raise Malformed("The body is JSON, but no list; expected a list of spans in Zipkin's v2 form.")
    for number, raw in enumerate(document):
        yield _attempted(zipkin.span, raw, f"[{number}]")


def _attempted(read: Callable[..., Span], *arguments: Any) -> Span | Malformed:
    try:
        return read(*arguments)
    except Malformed as error:
        return error


def _decoded(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"The body is not JSON: {error}.") from error


def _media(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
