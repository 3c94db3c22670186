"""The pages for people: the latest traces, and one trace as a waterfall. No script, nothing from elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from backend.criteria import Criteria
from backend.pages.page import HEADERS
from backend.store import Counts, Store
from discovery import duration
from discovery.critical_path import Section, critical_path
from discovery.remarks import notes, remarks
from discovery.self_time import self_times
from discovery.trace import Event, Span, Trace, Value, assemble

_HUES = (212, 160, 280, 42, 188, 318, 95, 250)  # of services; none near the red of errors
_TICKS = 4


_LISTED = 100
_INLINE = HEADERS | {"Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'"}


def listed(request: Request) -> Response:
    """Show the latest."""
    store: Store = request.app.state.store
    traces = [assemble(spans) for spans in store.search(Criteria(lookback=2**60, limit=_LISTED))]
    return HTMLResponse(listing(traces, store.counts), headers=_INLINE)


def trace(request: Request) -> Response:
    """Show one."""
    store: Store = request.app.state.store
    found = store.trace(request.path_params["trace_id"])
    if found is None:
        return HTMLResponse(absent(request.path_params["trace_id"]), 404, headers=_INLINE)
    return HTMLResponse(waterfall(found), headers=_INLINE)


def listing(traces: list[Trace], counts: Counts) -> str:
    """Make the page of the latest traces."""
    if not traces:
        body = (
            "<h1>No traces yet</h1><p>Spans come in by OTLP over HTTP (<code>POST /v1/traces</code>) and as Zipkin v2 "
            "JSON (<code>POST /api/v2/spans</code>). Buy something in the shop, then reload this page.</p>"
        )
        return _page("traces", body)
    slowest = max(trace.duration for trace in traces)
    rows = "".join(_listed(trace, slowest) for trace in traces)
    dropped = f", {counts.dropped} dropped to make room" if counts.dropped else ""
    refused = f", {counts.refused} refused" if counts.refused else ""
    heads = (
        "<th>Began (UTC)</th><th>Request</th><th class=number>Time</th><th></th>"
        "<th class=number>Spans</th><th class=number>Errors</th>"
    )
    return _page(
        "traces",
        f"<h1>Latest traces</h1><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f"<p class=facts>{counts.received} spans received{refused}{dropped}.</p>",
    )


def _listed(trace: Trace, slowest: int) -> str:
    root = trace.root
    share = 100 * trace.duration / max(slowest, 1)
    others = ", ".join(service or "(unnamed)" for service in trace.services if service != root.service)
    errors = f"<td class='number error'>✗ {trace.errors}</td>" if trace.errors else "<td class=number>0</td>"
    return (
        f"<tr><td class=when>{_clock(trace.start)}</td>"
        f"<td><a href='/trace/{escape(trace.trace_id)}'><b>{_named(root.service)}</b> {escape(root.name)}</a>"
        f"<div class=others>{escape(others)}</div></td>"
        f"<td class=number>{duration.spelled(trace.duration)}</td>"
        f"<td class=share><span style='width:{share:.1f}%'></span></td>"
        f"<td class=number>{len(trace.spans)}</td>{errors}</tr>"
    )


def waterfall(trace: Trace) -> str:
    """Make the page of one trace."""
    root = trace.root
    hues = {service: _HUES[number % len(_HUES)] for number, service in enumerate(trace.services)}
    own = self_times(trace)
    sections: defaultdict[str, list[Section]] = defaultdict(list)
    for section in critical_path(trace):
        sections[section.span_id].append(section)
    rows = "".join(
        _row(
            trace,
            span,
            f"--hue:{hues[span.service]};--depth:{min(depth, 24)}",
            own[span.span_id],
            sections.get(span.span_id, []),
        )
        for span, depth in trace.walk()
    )
    services = "".join(f"<span class=service style='--hue:{hue}'>{_named(name)}</span>" for name, hue in hues.items())
    said = "".join(f"<p class=remark>{escape(remark)}</p>" for remark in remarks(trace))
    errors = (
        f"<b class=error>✗ {trace.errors} {'error' if trace.errors == 1 else 'errors'}</b>"
        if trace.errors
        else "<b>0 errors</b>"
    )
    return _page(
        f"{root.service} {root.name}",
        f"<h1>{_named(root.service)} {escape(root.name)}</h1>"
        f"<p class=facts><b>{duration.spelled(trace.duration)}</b><b>{len(trace.spans)} spans</b>"
        f"<b>{len(trace.services)} services</b>{errors}<span>{_clock(trace.start)} UTC</span>"
        f"<code>{escape(trace.trace_id)}</code>"
        f"<a href='/api/v2/trace/{escape(trace.trace_id)}'>JSON</a></p>"
        f"{said}"
        f"<p class=legend>{services}<span class=key><i class=on></i>critical path: the trace's end waited for it</span>"
        "<span class=key><i class=off></i>off it</span></p>"
        f"<div class=waterfall>{_axis(trace)}{rows}</div><p class=hint>Click a span for its attributes and events.</p>",
    )


def absent(trace_id: str) -> str:
    """Make the page for a trace that is not here."""
    return _page(
        "no such trace",
        f"<h1>No such trace</h1><p><code>{escape(trace_id)}</code> was never sent here, or was dropped to make room. "
        "Spans may still be on their way: reload in a second, or <a href='/'>see the latest traces</a>.</p>",
    )


def _axis(trace: Trace) -> str:
    times = ["0", *(duration.spelled(trace.duration * number / _TICKS) for number in range(1, _TICKS + 1))]
    ticks = "".join(f"<span style='left:{100 * number / _TICKS:g}%'>{time}</span>" for number, time in enumerate(times))
    heads = "<span>service operation</span><span class=number>time</span>"
    return f"<div class=axis>{heads}<div class=ticks>{ticks}</div></div>"


def _row(trace: Trace, span: Span, look: str, own: int, sections: list[Section]) -> str:
    whole = max(trace.duration, 1)

    def extent(start: int, end: int) -> str:
        return f"style='left:{100 * (start - trace.start) / whole:.3f}%;width:{100 * (end - start) / whole:.3f}%'"

    marks = "".join(f"<i {extent(part.start, part.end)}></i>" for part in sections)
    failed = " failed" if span.error else ""
    said = "".join(f"<span class=note>↳ {escape(note)}</span>" for note in notes(span)[:1]) if span.error else ""
    mark = "<span class=error title='error'>✗</span> " if span.error else ""
    label = f"{span.service} {span.name}: {duration.spelled(span.duration)}, {duration.spelled(own)} of it its own"
    return (
        f"<details class='span{failed}' style='{look}'><summary title='{escape(label)}'>"
        f"<span class=name>{mark}<b>{_named(span.service)}</b> {escape(span.name)}</span>"
        f"<span class=number>{duration.spelled(span.duration)}</span>"
        f"<span class=track><u {extent(span.start, span.end)}></u>{marks}</span>{said}</summary>"
        f"<div class=drawer>{_drawer(trace, span, own)}</div></details>"
    )


def _drawer(trace: Trace, span: Span, own: int) -> str:
    facts: dict[str, Value] = {
        "starts at": duration.spelled(span.start - trace.start),
        "own work": duration.spelled(own),
        "kind": str(span.kind),
        "span id": span.span_id,
    }
    if span.message:
        facts["error"] = span.message
    parts = [_table("span", facts), _table("attributes", span.attributes), _table("resource", span.resource)]
    parts += [_event(trace, event) for event in span.events]
    return "".join(parts)


def _event(trace: Trace, event: Event) -> str:
    return _table(
        f"event {event.name} at {duration.spelled(event.time - trace.start)}", event.attributes, even_empty=True
    )


def _table(title: str, pairs: Mapping[str, Value], *, even_empty: bool = False) -> str:
    if not pairs and not even_empty:
        return ""
    rows = "".join(
        f"<tr><th>{escape(str(name))}</th><td>{escape(str(value))}</td></tr>" for name, value in pairs.items()
    )
    return f"<table><caption>{escape(title)}</caption>{rows}</table>"


def _named(service: str) -> str:
    return escape(service or "(unnamed)")


def _clock(microseconds: int) -> str:
    moment = datetime.fromtimestamp(min(microseconds, 250_000_000_000_000_000) / 1e6, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}"


def _page(title: str, body: str) -> str:
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<title>{escape(title)} · tracelab</title><link rel=stylesheet href=/static/page.css>"
        f"<header><a href=/>tracelab</a></header><main>{body}</main></html>"
    )
