"""A service's route: FastAPI's own, which meets the faults that its request carries."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from services.kit import problems, threads
from services.kit.faults import plane


class Route(APIRoute):
    """Faults act here, behind the routing, so that a span has its route's name whatever happens to the request."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **kwargs: Any) -> None:
        """Make the route; a plain `def` endpoint runs on a thread."""
        super().__init__(
            path, endpoint if inspect.iscoroutinefunction(endpoint) else threads.measured(endpoint), **kwargs
        )

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, later or not at all where a fault says so; health and books are spared."""
        handler = super().get_route_handler()
        if not self.include_in_schema:
            return handler

        async def faulty(request: Request) -> Response:
            problem = await plane.meet(request.app.state.faults_of)
            return await handler(request) if problem is None else problems.response(problem)

        return faulty
