"""The pages for people: search, one trace, two traces compared, who calls whom, and what arrives just now."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from backend.pages import first

ROUTES: list[BaseRoute] = [
    Route("/", first.listed),
    Route("/trace/{trace_id}", first.trace),
    Mount("/static", StaticFiles(packages=[("backend.pages", "static")])),
]
