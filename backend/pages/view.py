"""A trace as the trace page draws it: one JSON object, with all that is computed done and all text still text."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import TypedDict

import msgspec
from markupsafe import Markup

from discovery import attributes, duration, ids, palette
from discovery.critical_path import critical_path
from discovery.remarks import notes, remarks
from discovery.self_time import self_times
from discovery.trace import Kind, Span, Trace, Value

Pairs = list[int]  # key, value, key, value ...: places in the trace's list of texts, most of which repeat


class Service(TypedDict):
    """A service, which of the palette's colours it has, and how many spans."""

    name: str
    colour: int
    spans: int


class Event(TypedDict):
    """An event or a log line; `at` as in SpanView."""

    at: int
    name: str
    fields: Pairs


class Link(TypedDict):
    """Another span that this one names."""

    trace: str
    span: str
    tags: Pairs


class SpanView(TypedDict, total=False):
    """One row and its drawer; what is empty is left out.

    `at` and the ends of `path`, its stretches of the critical path, are microseconds since the trace's start; `parent`,
    `service` and `resource` are places in the lists of spans, services and resources.
    """

    id: str
    parent: int
    depth: int
    service: int
    name: str
    kind: str
    at: int
    duration: int
    self: int
    path: list[tuple[int, int]]
    error: bool
    ok: bool
    notes: list[str]
    warnings: list[str]
    asides: list[str]
    tags: Pairs
    events: list[Event]
    links: list[Link]
    resource: int
    scope: str
    remote: str
    address: Pairs
    remote_address: Pairs


class TraceView(TypedDict):
    """A whole trace. `start` is microseconds since the epoch, `root` the place of the span that stands for it."""

    id: str
    start: int
    duration: int
    root: int
    errors: int
    services: list[Service]
    resources: list[Pairs]
    texts: list[str]
    remarks: list[str]
    spans: list[SpanView]


def view(trace: Trace) -> TraceView:
    """Make the page's model of a trace; linear in its spans but for sorting siblings."""
    counts = Counter(span.service for span in trace.spans)
    services = {name: number for number, name in enumerate(counts)}
    places = {span.span_id: number for number, span in enumerate(trace.spans)}
    texts = _Texts()
    resources: dict[tuple[int, ...], int] = {}
    own = self_times(trace)
    path: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for section in reversed(critical_path(trace)):
        path[section.span_id].append((section.start - trace.start, section.end - trace.start))
    spans: list[SpanView] = []
    for span, depth in trace.walk():
        row = SpanView(
            id=span.span_id,
            depth=depth,
            service=services[span.service],
            name=span.name,
            at=span.start - trace.start,
            duration=span.duration,
            self=own[span.span_id],
        )
        if span.parent_id in places:
            row["parent"] = places[span.parent_id]
        if span.span_id in path:
            row["path"] = path[span.span_id]
        if span.resource:
            row["resource"] = resources.setdefault(tuple(texts.pairs(span.resource)), len(resources))
        spans.append(row | _details(span, trace, texts))
    return TraceView(
        id=trace.trace_id,
        start=trace.start,
        duration=trace.duration,
        root=places[trace.root.span_id],
        errors=trace.errors,
        services=[Service(name=name, colour=palette.number(name), spans=count) for name, count in counts.items()],
        resources=[list(pairs) for pairs in resources],
        texts=list(texts.places),
        remarks=list(remarks(trace)),
        spans=spans,
    )


def embedded(model: TraceView) -> Markup:
    """Spell a model for a `script` element of JSON, which no text in it can end."""
    return Markup(msgspec.json.encode(model).replace(b"<", rb"\u003c").decode())  # noqa: S704 - no < is left


def _details(span: Span, trace: Trace, texts: _Texts) -> SpanView:
    details = SpanView()
    if span.kind is not Kind.INTERNAL:
        details["kind"] = str(span.kind)
    if span.error:
        details |= SpanView(error=True, notes=[span.message] if span.message else notes(span))
    if span.ok:
        details["ok"] = True
    if warnings := list(_warnings(span, trace)):
        details["warnings"] = warnings
    if asides := list(_asides(span, trace)):
        details["asides"] = asides
    if span.attributes:
        details["tags"] = texts.pairs(span.attributes)
    if span.events:
        details["events"] = [
            Event(at=event.time - trace.start, name=event.name, fields=texts.pairs(event.attributes))
            for event in sorted(span.events, key=lambda event: event.time)
        ]
    if span.links:
        details["links"] = [
            Link(trace=_same(link.trace_id, trace), span=link.span_id, tags=texts.pairs(link.attributes))
            for link in span.links
        ]
    if span.scope:
        details["scope"] = span.scope
    if span.remote:
        details["remote"] = span.remote
    if span.address:
        details["address"] = texts.pairs(span.address)
    if span.remote_address:
        details["remote_address"] = texts.pairs(span.remote_address)
    return details


def _warnings(span: Span, trace: Trace) -> Iterator[str]:
    """Say what cannot be right about a span's place in the tree or in time."""
    parent = trace.span(span.parent_id)
    if parent is None and span.parent_id is not None:
        yield f"Its parent {span.parent_id} never arrived."
    if parent is not None and span.start < parent.start:
        early = duration.spelled(parent.start - span.start)
        yield f"It began {early} before its parent: clocks or start times disagree."


def _asides(span: Span, trace: Trace) -> Iterator[str]:
    """Say what is well possible, and worth knowing."""
    parent = trace.span(span.parent_id)
    if parent is not None and span.detached:
        yield "Its parent did not wait for it."
    elif parent is not None and span.end > parent.end:
        late = duration.spelled(span.end - parent.end)
        yield f"It ended {late} after its parent, which cannot have waited for all of it."


def _same(trace_id: str, trace: Trace) -> str:
    """Spell this trace's id as it is spelled here: a link may have it padded or in capitals."""
    return trace.trace_id if ids.normalised(trace_id) == ids.normalised(trace.trace_id) else trace_id


class _Texts:
    """Gives each text a place. Values are spelled on this side: JavaScript's numbers would round the large ones."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def pairs(self, tags: Mapping[str, Value]) -> Pairs:
        places = self.places
        flat = []
        for name, value in tags.items():
            text = value if isinstance(value, str) else attributes.text(value)
            flat.append(places.setdefault(name, len(places)))
            flat.append(places.setdefault(text, len(places)))
        return flat
