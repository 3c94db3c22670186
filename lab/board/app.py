"""The board as an application: a page for the projector, the round to play, and scores as they come."""

from __future__ import annotations

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from backend import body
from backend.app import OwnHosts
from lab.board.scores import Refused, Report, Scores
from lab.learn.words import Words

_LARGEST = 4_096  # bytes
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_TEMPLATES = Environment(loader=PackageLoader("lab.board", "."), autoescape=True, undefined=StrictUndefined)


def create(scores: Scores, words: Words, address: str, hosts: frozenset[str]) -> ASGIApp:
    """Make it; `address` is what learners type, `hosts` the names under which it is served."""

    async def page(_: Request) -> Response:
        told = _TEMPLATES.get_template("board.html").render(scores=scores, words=words, address=address)
        return HTMLResponse(told, headers=_HEADERS)

    async def style(_: Request) -> Response:
        told = _TEMPLATES.get_template("board.css").render()
        return Response(told, media_type="text/css", headers=_HEADERS)

    async def playing(request: Request) -> Response:
        scores.admit(request.query_params.get("code", ""))
        return JSONResponse({"seed": scores.seed, "level": scores.level})

    async def report(request: Request) -> Response:
        content = await body.read(request, request.app.state.room)
        if len(content) > _LARGEST:
            raise Refused(413, f"A score takes {_LARGEST} bytes at most.")
        try:
            kept = scores.take(msgspec.json.decode(content, type=Report))
        except msgspec.MsgspecError as error:
            raise Refused(400, f"This is no score: {error}.") from None
        return JSONResponse({"name": kept.name})

    app = Starlette(
        routes=[
            Route("/", page),
            Route("/board.css", style),
            Route("/round", playing),
            Route("/scores", report, methods=["POST"]),
        ],
        exception_handlers={Refused: _refused, HTTPException: _refused},
    )
    app.state.room = body.Room()
    return OwnHosts(app, hosts)


async def _refused(_: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, Refused) else getattr(error, "status_code", 500)
    return PlainTextResponse(f"{getattr(error, 'detail', error)}\n", status, headers=_HEADERS)
