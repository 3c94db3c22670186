"""A service's route: FastAPI's own, handled as the faults that a request carries have it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from services.kit import threads
from services.kit.faults.traceback import cleaned


class Route(APIRoute):
    """Faults act here, behind the routing, so that a span has its route's name whatever happens to the request."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **kwargs: Any) -> None:
        """Make the route; a plain `def` endpoint runs on a thread."""
        super().__init__(
            path, endpoint if inspect.iscoroutinefunction(endpoint) else threads.measured(endpoint), **kwargs
        )

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler; health and books are spared."""
        handler = super().get_route_handler()
        if not self.include_in_schema:
            return handler

        async def handled(request: Request) -> Response:
            try:
                response: Response = await request.app.state.plane.through(request, partial(handler, request))
            except Exception as error:
                raise cleaned(error)  # noqa: B904 - it is the same error
            return response

        return handled
