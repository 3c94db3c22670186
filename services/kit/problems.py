"""Errors as RFC 9457 problem details (application/problem+json), each with the request's trace id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import fastapi
from fastapi.exceptions import RequestValidationError
from opentelemetry import trace
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from services.kit import budget

MEDIA_TYPE = "application/problem+json"

TITLES = {
    400: "Malformed request",
    402: "Card declined",
    403: "Host not served",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Body too large",
    415: "Unsupported media type",
    422: "Invalid request",
    429: "Too busy",
    500: "Internal error",
    503: "Service unavailable",
    504: "Out of time",
}


class Problem(Exception):
    """An answer that is an error: `kind` names it for programs (`urn:tracelab:KIND`), `detail` says it to people."""

    def __init__(
        self, status: int, kind: str, detail: str, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members


def busy(detail: str, retry_after: float = 1.0) -> Problem:
    """429: too many requests at once."""
    return Problem(429, "too-busy", detail, {"retry-after": str(max(1, round(retry_after)))})


def unavailable(detail: str, retry_after: float = 1.0) -> Problem:
    """503: a part that is needed is down or cut off."""
    return Problem(503, "unavailable", detail, {"retry-after": str(max(1, round(retry_after)))})


def out_of_time(detail: str) -> Problem:
    """504: the request's time budget ran out."""
    return Problem(504, "out-of-time", detail)


def response(problem: Problem) -> Response:
    """The problem as an HTTP answer."""
    body: dict[str, Any] = {
        "type": f"urn:tracelab:{problem.kind}",
        "title": TITLES.get(problem.status, "Error"),
        "status": problem.status,
        "detail": problem.detail,
        **problem.members,
    }
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        body["trace_id"] = trace.format_trace_id(context.trace_id)
    return Response(json.dumps(body), problem.status, problem.headers, MEDIA_TYPE)


def install(app: fastapi.FastAPI) -> None:
    """Answer every exception with a problem; an unforeseen one is a 500 whose text tells nothing of the inside."""

    async def on_problem(_: Request, error: Exception) -> Response:
        return response(error) if isinstance(error, Problem) else _internal()

    async def on_out_of_time(_: Request, __: Exception) -> Response:
        return response(out_of_time("The time budget of this request is used up."))

    async def on_http(_: Request, error: Exception) -> Response:
        return response(_from_http(error)) if isinstance(error, HTTPException) else _internal()

    async def on_invalid(_: Request, error: Exception) -> Response:
        return response(_from_validation(error)) if isinstance(error, RequestValidationError) else _internal()

    async def on_unforeseen(_: Request, error: Exception) -> Response:
        trace.get_current_span().record_exception(error)
        return _internal()

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(budget.OutOfTime, on_out_of_time)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(Exception, on_unforeseen)


def _internal() -> Response:
    return response(
        Problem(500, "internal", "Something unforeseen went wrong here; the log of this service says what.")
    )


def _from_http(error: HTTPException) -> Problem:
    kinds = {400: "malformed", 404: "no-such-route", 405: "method-not-allowed"}
    detail = {
        400: "The body is not valid JSON.",
        404: "There is nothing at this address.",
        405: "This address does not take this method.",
    }.get(error.status_code, str(error.detail))
    return Problem(error.status_code, kinds.get(error.status_code, "http"), detail, error.headers)


def _from_validation(error: RequestValidationError) -> Problem:
    """400 where the JSON cannot be read, 422 where it says something that cannot be. The input is never echoed."""
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return Problem(400, "malformed", "The body is not valid JSON.")
    errors = [{"where": ".".join(str(part) for part in item["loc"]), "what": item["msg"]} for item in found[:10]]
    first = errors[0]
    if str(found[0]["loc"][-1]).lower() == "idempotency-key":
        return Problem(400, "malformed", f"The Idempotency-Key header is needed: {first['what']}.", errors=errors)
    return Problem(422, "invalid", f"{first['where']}: {first['what']}.", errors=errors)
