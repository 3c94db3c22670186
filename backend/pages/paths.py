"""The critical paths page: which operations the traces of a search waited for, as flame graphs and as a table."""

from __future__ import annotations

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from backend.pages import form, times
from backend.pages.page import page
from backend.store import Store
from discovery.flame import Box, svg
from discovery.paths import PERCENTILES, Profile, profile
from discovery.trace import assemble

_LIMIT = "200"  # traces, unless asked otherwise: enough for a tail


def shown(request: Request) -> Response:
    """`GET /paths`: the search's own conditions, and `percentile`; 400 where a field cannot be read."""
    store: Store = request.app.state.store
    asked = form.read({"limit": _LIMIT, **request.query_params})
    spans = store.search(asked.criteria) if asked.criteria else []
    found = profile(assemble(each) for each in spans)
    percentile = _percentile(request.query_params.get("percentile", ""))
    services = store.services()
    return page(
        "paths.html",
        400 if asked.mistakes else 200,
        title="Critical paths",
        typed=asked.typed,
        mistakes=asked.mistakes,
        found=found,
        flame=_flame(found, percentile, asked.typed),
        percentile=percentile,
        percentiles={each: _address(asked.typed, each) for each in PERCENTILES},
        operations=[(row, _operation(row.service, row.operation, asked.typed)) for row in found.rows],
        search=form.address(asked.typed),
        lookbacks=times.WORDS,
        services=services,
        nothing_yet=not found.traces and not services,
    )


def _percentile(text: str) -> int:
    return next((each for each in PERCENTILES if text == str(each)), PERCENTILES[0])


def _flame(found: Profile, percentile: int, typed: form.Typed) -> Markup | None:
    """Draw the one asked for; what comes from traces is escaped where it is drawn."""
    flame = next((each for each in found.flames if each.percentile == percentile), None)
    if flame is None:
        return None

    def link(box: Box) -> str:
        return _operation(box.service, box.operation, typed)

    return Markup(svg(flame, found.tree, link=link))  # noqa: S704 - svg escapes every text


def _operation(service: str, operation: str, typed: form.Typed) -> str:
    """The search for an operation's longest traces within the same time."""
    return form.address(typed, service=service, operation=operation, sort="longest")


def _address(typed: form.Typed, percentile: int) -> str:
    """The same page at another percentile."""
    query = form.address(typed).partition("?")[2]
    return f"/paths?{query}{'&' if query else ''}percentile={percentile}"
