"""A trace file seen without storing it: its bytes come in, the page's models of its traces go out."""

from __future__ import annotations

import json

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from backend import body
from backend.pages.page import page
from backend.pages.view import view
from discovery import document
from discovery.errors import Malformed


def form(_: Request) -> Response:
    """`GET /upload`: where to choose the file or drop it."""
    return page("upload.html", title="Open a trace file")


async def models(request: Request) -> Response:
    """`POST /upload`: a list of models, one a trace of the file; 400 and a sentence where it holds none."""
    content = await body.read(request, request.app.state.room)
    try:
        answer = await run_in_threadpool(_models, content)
    except Malformed as error:
        raise HTTPException(400, f"The file {error}") from error
    return Response(answer, media_type="application/json")


def _models(content: bytes) -> str:
    """Spell the models in ASCII: a file, unlike a sender, may hold halves of characters, which UTF-8 cannot spell."""
    return json.dumps([view(trace) for trace in document.parse(content)], separators=(",", ":"))
