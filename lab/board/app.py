"""The board as an application: a page for the projector, the round to play, and scores as they come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from backend.app import OwnHosts
from lab.board.scores import Refused, Report, Scores
from lab.learn.words import Words

_LARGEST = 4_096  # bytes
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_TEMPLATES = Environment(loader=PackageLoader("lab.board", "."), autoescape=True, undefined=StrictUndefined)


def create(scores: Scores, words: Words, address: str, hosts: frozenset[str]) -> ASGIApp:
    """Make it; `address` is what learners type, `hosts` are the names of this machine under which it is served."""

    async def page(request: Request) -> Response:
        if _client(request) not in hosts:  # the page has the code on it: the room's network need not see it
            scores.admit(request.query_params.get("code", ""), _client(request))
        told = _TEMPLATES.get_template("board.html").render(scores=scores, words=words, address=address)
        return HTMLResponse(told, headers=_HEADERS)

    async def playing(request: Request) -> Response:
        scores.admit(request.query_params.get("code", ""), _client(request))
        return JSONResponse(msgspec.to_builtins(scores.playing), headers=_HEADERS)

    async def report(request: Request) -> Response:
        try:
            sent = msgspec.json.decode(await _body(request), type=Report)
        except msgspec.MsgspecError as error:
            raise Refused(400, f"This is no score: {error}.") from None
        return JSONResponse({"name": scores.take(sent, _client(request)).name}, headers=_HEADERS)

    app = Starlette(
        routes=[
            Route("/", page),
            Route("/board.css", _file("board.css", "text/css")),
            Route("/board.js", _file("board.js", "text/javascript")),
            Route("/round", playing),
            Route("/scores", report, methods=["POST"]),
        ],
        exception_handlers={Refused: _refused, HTTPException: _refused},
    )
    return OwnHosts(app, hosts, f"Use the address on the facilitator's screen: {address}\n")


def _file(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    """Serve a file that lies beside this one."""
    content = _TEMPLATES.get_template(name).render()

    async def served(_: Request) -> Response:
        return Response(content, media_type=kind, headers=_HEADERS)

    return served


def _client(request: Request) -> str:
    """From which address it comes."""
    return request.client.host if request.client else ""


async def _body(request: Request) -> bytes:
    """Read a body, and no more of it than a score takes."""
    content = b""
    try:
        async for chunk in request.stream():
            content += chunk
            if len(content) > _LARGEST:
                raise Refused(413, f"A score takes {_LARGEST} bytes at most.")
    except ClientDisconnect:
        raise Refused(400, "The connection ended before the score did.") from None
    return content


async def _refused(_: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, Refused) else getattr(error, "status_code", 500)
    return PlainTextResponse(f"{getattr(error, 'detail', error)}\n", status, headers=_HEADERS)
