"""Where spans come in: OTLP over HTTP and Zipkin v2 JSON. An answer of success means that they are on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from google.rpc import code_pb2, status_pb2  # type: ignore[import-untyped]  # the library has no types of its own
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from backend import body, otlp_form, otlp_json, protobuf, zipkin_form
from backend.batch import Taken
from backend.store import Store
from backend.writer import Busy, Full
from discovery.errors import Malformed

_PROTOBUF = "application/x-protobuf"
# A page of any origin may send spans of its own; what is kept here it may not read.
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "content-type, content-encoding, traceparent, tracestate, baggage",
    "Access-Control-Max-Age": "600",
}
_NOT_JSON = (_PROTOBUF, "application/x-thrift")  # as with Zipkin, what else is sent is JSON until it proves none
_LARGE = 1024 * 1024  # bytes that take too long to be read while all others wait
_CODES = {400: code_pb2.INVALID_ARGUMENT, 413: code_pb2.RESOURCE_EXHAUSTED, 503: code_pb2.UNAVAILABLE}


async def preflight(_: Request) -> Response:
    """Let browsers post spans."""
    return Response(status_code=204, headers=_CORS)


async def traces(request: Request) -> Response:
    """`POST /v1/traces`: OTLP, answered in the form in which it came, refusals too."""
    media = _media(request)
    if media not in (_PROTOBUF, "application/json"):
        raise HTTPException(415, f"The body's content-type must be {_PROTOBUF} or application/json.")
    try:
        taken = await _kept(request, otlp_form.take if media == _PROTOBUF else otlp_json_spans)
    except HTTPException as error:
        return _otlp_refusal(media, error)
    if media == _PROTOBUF:
        return Response(protobuf.answer(taken.refused, taken.reason), media_type=_PROTOBUF, headers=_CORS)
    partial = {"rejectedSpans": str(taken.refused), "errorMessage": taken.reason}
    return JSONResponse({"partialSuccess": partial} if taken.refused else {}, headers=_CORS)


async def spans(request: Request) -> Response:
    """`POST /api/v2/spans`: a list of spans in Zipkin v2 JSON; 202, with what was refused where something was."""
    if _media(request) in _NOT_JSON:
        raise HTTPException(415, "The body's content-type must be application/json: spans in Zipkin's v2 form.")
    taken = await _kept(request, zipkin_form.take)
    if not taken.refused:
        return Response(status_code=202, headers=_CORS)
    answer = {"refused": taken.refused, "reason": taken.reason}
    return JSONResponse(answer, 202 if taken.batch else 400, headers=_CORS)


async def _kept(request: Request, take: Callable[[bytes], Taken]) -> Taken:
    """Take the spans of a body and wait until they are on disk; HTTPException says why they are not."""
    store: Store = request.app.state.store
    try:
        content = await body.read(request, request.app.state.room)
        taken = take(content) if len(content) < _LARGE else await _aside(request, take, content)
        if taken.batch:
            await asyncio.wrap_future(store.append(taken.batch))
        store.counts.refused += taken.refused
    except HTTPException as error:
        store.counts.turned_away += error.status_code == 503
        raise HTTPException(error.status_code, error.detail, _CORS | dict(error.headers or {})) from error
    except Malformed as error:
        raise HTTPException(400, str(error), _CORS) from error
    except Busy as error:
        raise HTTPException(503, str(error), _CORS | {"Retry-After": "1"}) from error
    except Full as error:
        store.counts.turned_away += 1
        raise HTTPException(503, str(error), _CORS | {"Retry-After": "10"}) from error
    return taken


async def _aside(request: Request, take: Callable[[bytes], Taken], content: bytes) -> Taken:
    """Take a large body in a thread, one at a time, while others are answered."""
    room: body.Room = request.app.state.room
    try:
        room.take(len(content))
        async with request.app.state.large:
            return await asyncio.to_thread(take, content)
    finally:
        room.taken -= len(content)


def otlp_json_spans(content: bytes) -> Taken:
    """Take OTLP's JSON by way of its protobuf."""
    made, reasons = otlp_json.request(content)
    taken = otlp_form.take(made)
    if not reasons:
        return taken
    return Taken(taken.batch, len(reasons) + taken.refused, reasons[0])


def _otlp_refusal(media: str, error: HTTPException) -> Response:
    """Say why nothing was taken, as OTLP wants it: a google.rpc.Status in the form of the request."""
    code = _CODES.get(error.status_code, code_pb2.UNKNOWN)
    if media == _PROTOBUF:
        status = status_pb2.Status(code=code, message=error.detail)
        return Response(status.SerializeToString(), error.status_code, error.headers, _PROTOBUF)
    return JSONResponse({"code": code, "message": error.detail}, error.status_code, error.headers)


def _media(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
