"""The live tail: each trace as its spans come, by server-sent events.

The form is that of the HTML standard (https://html.spec.whatwg.org/multipage/server-sent-events.html): an event's id is
the store's mark, so that a browser that lost its connection goes on where it was.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from backend.pages.page import page
from backend.pages.summary import Summary, summary
from backend.store import Store

_PAUSE = 0.5  # seconds between two looks
_HEARTBEAT = 30  # looks without news before a sign of life: a dead connection is known only by writing to it
_MOST = 50  # traces told of at once; nobody reads more
_END = 2**62  # a mark past all that any store has


@dataclass(frozen=True, slots=True)
class Filter:
    """What a reader wants to see: traces in which a service takes part, and red ones only; "" is every service."""

    service: str
    errors: bool

    def passes(self, line: Summary) -> bool:
        """Tell whether a trace is wanted."""
        service = self.service.lower()
        named = not service or any(service == part.service.lower() for part in line.services)
        return named and bool(line.errors or not self.errors)


@dataclass(frozen=True, slots=True)
class News:
    """The traces that got spans, the latest last, and how many more did than are told."""

    traces: list[Summary]
    more: int


def shown(request: Request) -> Response:
    """`GET /live`: the page, which asks for the events."""
    store: Store = request.app.state.store
    wanted = _wanted(request)
    return page(
        "live.html",
        title="Live",
        host=request.url.netloc,
        wanted=wanted,
        query=request.url.query,
        names=store.services(),
    )


async def events(request: Request) -> Response:
    """`GET /live/events`: a stream that ends when the reader leaves or the server ends.

    It begins now, or after the mark in Last-Event-ID.
    """
    seen = request.headers.get("last-event-id", "")
    mark = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 19 else _END
    lines = _lines(request.app.state.store, _wanted(request), mark, request.app.state.ending)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(lines, media_type="text/event-stream", headers=headers)


async def _lines(store: Store, wanted: Filter, mark: int, ending: threading.Event) -> AsyncIterator[str]:
    yield "retry: 1000\n\n"
    quiet = 0
    while not ending.is_set():
        mark, news = await run_in_threadpool(_news, store, wanted, mark)
        if news.traces or news.more:
            quiet = 0
            yield f"id: {mark}\ndata: {msgspec.json.encode(news).decode()}\n\n"
        elif quiet % _HEARTBEAT == 0:
            yield f"id: {mark}\ndata: {{}}\n\n" if quiet == 0 else ": still here\n\n"
        quiet += 1
        await asyncio.sleep(_PAUSE)


def _news(store: Store, wanted: Filter, mark: int) -> tuple[int, News]:
    now, touched = store.touched(mark)
    if now < mark < _END:  # another store than the one the mark is of
        now, touched = store.touched(0)
    told = [summary(spans) for trace_id in touched[-_MOST:] if (spans := store.spans(trace_id))]
    return now, News([line for line in told if wanted.passes(line)], max(len(touched) - _MOST, 0))


def _wanted(request: Request) -> Filter:
    return Filter(request.query_params.get("service", "").strip(), bool(request.query_params.get("errors")))
