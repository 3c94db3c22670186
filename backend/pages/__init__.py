"""The pages for people: search, one trace or two compared, calls, critical paths, and what arrives just now."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from backend.pages import compare, graph, live, paths, search, trace, upload

ROUTES: list[BaseRoute] = [
    Route("/", search.results),
    Route("/trace", search.opened),
    Route("/trace/{trace_id}", trace.trace),
    Route("/trace/{trace_id}/text", trace.text),
    Route("/trace/{trace_id}/{form}.json", trace.download),
    Route("/compare", compare.compared),
    Route("/dependencies", graph.shown),
    Route("/paths", paths.shown),
    Route("/live", live.shown),
    Route("/live/events", live.events),
    Route("/upload", upload.form),
    Route("/upload", upload.models, methods=["POST"]),
    Mount("/static", StaticFiles(packages=[("backend.pages", "static")])),
]
