"""The search page: what was asked for, a plot of what was found, and a line for each trace."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backend.criteria import Criteria
from backend.pages import form, times
from backend.pages.form import Form
from backend.pages.page import page
from backend.pages.summary import Summary, summary
from backend.store import Store

_EVER = times.LOOKBACKS[times.ALL]
_ORDERS = {
    "latest": lambda line: -line.start,
    "longest": lambda line: -line.duration,
    "spans": lambda line: -line.spans,
    "errors": lambda line: -line.errors,
}


@dataclass(frozen=True, slots=True)
class Wider:
    """A link to a search that asks for less, and its words."""

    words: str
    address: str


def results(request: Request) -> Response:
    """`GET /`: the form and what it finds; 400 where a field cannot be read, with what was typed still in it."""
    store: Store = request.app.state.store
    asked = form.read(request.query_params)
    found = [summary(spans) for spans in store.search(asked.criteria)] if asked.criteria else []
    found.sort(key=_ORDERS[asked.typed["sort"]])
    services = store.services()
    return page(
        "search.html",
        400 if asked.mistakes else 200,
        title=_title(asked),
        host=request.url.netloc,
        typed=asked.typed,
        mistakes=asked.mistakes,
        found=found,
        longest=max((line.duration for line in found), default=0) or 1,
        full=asked.criteria is not None and len(found) == asked.criteria.limit,
        sorts={name: (words, form.address(asked.typed, sort=name)) for name, words in form.SORTS.items()},
        paths=form.address(asked.typed).replace("/", "/paths", 1),
        lookbacks=times.WORDS,
        services=services,
        operations=store.names(asked.typed["service"]) if asked.typed["service"] else [],
        remotes=store.remotes(asked.typed["service"]) if asked.typed["service"] else [],
        keys=store.tag_keys(),
        nothing_yet=not found and not services,
        wider=_wider(asked) if asked.criteria and not found else [],
        latest=_latest(store) if asked.criteria and services and not found else None,
        everything=form.address(form.DEFAULTS, lookback=times.ALL),
        counts=store.counts,
    )


def opened(request: Request) -> Response:
    """`GET /trace?id=`: the trace of an id that somebody typed or pasted, alone or at the end of a link."""
    trace_id = request.query_params.get("id", "").strip().rstrip("/").rpartition("/")[2]
    return RedirectResponse(f"/trace/{quote(trace_id, safe='')}" if trace_id else "/", 303)


def _title(asked: Form) -> str:
    named = [asked.typed[name] for name in ("service", "operation", "tags") if asked.typed[name]]
    return " ".join(["Search", *named])


def _wider(asked: Form) -> list[Wider]:
    """Offer each search that leaves out one thing asked for, and the one that looks back on everything."""
    typed = asked.typed
    words = {
        "service": f"any service, not only {typed['service']}",
        "operation": f"any operation, not only {typed['operation']}",
        "remote": f"any remote service, not only {typed['remote']}",
        "tags": f"without {typed['tags']}",
        "min": f"shorter ones than {typed['min']} as well",
        "max": f"longer ones than {typed['max']} as well",
        "errors": "those without errors as well",
    }
    offers = [Wider(said, form.address(typed, **{name: ""})) for name, said in words.items() if typed[name]]
    if typed["lookback"] != times.ALL:
        further = form.address(typed, lookback=times.ALL, since="", until="")
        offers.insert(0, Wider(f"look back on {times.WORDS[times.ALL]}", further))
    return offers


def _latest(store: Store) -> Summary | None:
    newest = store.search(Criteria(until=_EVER, lookback=_EVER, limit=1))
    return summary(newest[0]) if newest else None
