"""Jaeger's JSON: the form of its UI's download and of /api/traces/{id}. What /api/v3 answers is OTLP under `result`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from discovery import attributes, field
from discovery.sharing import shared
from discovery.trace import Event, Kind, Span, SpanLink, Value

Resources = dict[str, Mapping[str, Value]]  # what senders say about themselves, once for all spans of each


def spans(document: Any) -> list[Span]:
    """Read `{"data": [trace, ...]}`, or one trace alone."""
    whole = field.an_object(document, "the document")
    traces = field.a_list(whole["data"], "data") if "data" in whole else [whole]
    found: list[Span] = []
    resources: Resources = {}
    for number, each in enumerate(traces):
        place = f"data[{number}]"
        trace = field.an_object(each, place)
        processes = field.an_object(trace.get("processes") or {}, f"{place}.processes")
        default = field.text(trace, "traceID", place)
        for inner, raw in enumerate(field.a_list(trace.get("spans"), f"{place}.spans")):
            inside = f"{place}.spans[{inner}]"
            span = field.an_object(raw, inside)
            process = span.get("process") or processes.get(str(span.get("processID")), {})
            found.append(_span(span, field.an_object(process, f"{inside}.process"), resources, default, inside))
    return found


def _span(raw: dict[str, Any], process: dict[str, Any], resources: Resources, trace_id: str, place: str) -> Span:
    sender = _tags(process.get("tags"), f"{place}.process.tags")
    tags = _tags(raw.get("tags"), f"{place}.tags")
    parent, detached, links = _references(raw, place)
    peer = tags.get("peer.service")
    return Span(
        trace_id=shared(field.text(raw, "traceID", place) or trace_id or "unnamed"),
        span_id=shared(field.an_id(raw, "spanID", place)),
        parent_id=parent,
        service=shared(field.text(process, "serviceName", f"{place}.process")),
        name=shared(field.text(raw, "operationName", place)),
        kind=attributes.kind(tags.get("span.kind")),
        start=field.whole(raw, "startTime", place),
        duration=field.whole(raw, "duration", place),
        error=attributes.is_error(tags),
        message=attributes.error_message(tags),
        remote=None if peer is None else str(peer),
        detached=detached,
        attributes=tags,
        resource=resources.setdefault(repr(sender), sender),
        events=tuple(_event(each, f"{place}.logs") for each in field.a_list(raw.get("logs"), f"{place}.logs")),
        links=links,
    )


def _references(raw: dict[str, Any], place: str) -> tuple[str | None, bool, tuple[SpanLink, ...]]:
    """Return the parent (as in Jaeger, the first reference), whether it did not wait, and the links."""
    parent, detached, links = None, False, []
    for each in field.a_list(raw.get("references"), f"{place}.references"):
        reference = field.an_object(each, f"{place}.references")
        trace_id = field.text(reference, "traceID", f"{place}.references")
        span_id = field.text(reference, "spanID", f"{place}.references")
        own = not trace_id or trace_id == raw.get("traceID") or "traceID" not in raw
        if not span_id or (own and span_id == raw.get("spanID")):
            continue
        if own and parent is None:
            parent, detached = span_id, reference.get("refType") == "FOLLOWS_FROM"
        else:
            links.append(SpanLink(trace_id or str(raw.get("traceID", "")), span_id))
    return parent or field.text(raw, "parentSpanID", place) or None, detached, tuple(links)


def _event(raw: Any, place: str) -> Event:
    log = field.an_object(raw, place)
    fields = _tags(log.get("fields"), f"{place}.fields")
    name = str(fields.pop("event", "") or fields.pop("message", ""))
    return attributes.event(field.whole(log, "timestamp", place), name, fields)


def _tags(raw: Any, place: str) -> dict[str, Value]:
    pairs = (field.an_object(each, place) for each in field.a_list(raw, place))
    return {shared(str(pair.get("key", ""))): _shared(attributes.value(pair.get("value"))) for pair in pairs}


def _shared(value: Value) -> Value:
    return shared(value) if isinstance(value, str) else value


def as_json(spans: Iterable[Span]) -> dict[str, Any]:
    """Spell spans as Jaeger's UI saves them, a trace for each trace id.

    What Jaeger's form has no field for becomes the tags that Jaeger itself makes of OTLP (kind, status, scope, peer).
    A link of a span without a parent to another of its own trace is left out: Jaeger would take it for the parent.
    """
    traces: dict[str, dict[str, Any]] = {}
    senders: dict[str, dict[str, str]] = {}
    for span in spans:
        trace = traces.setdefault(span.trace_id, {"traceID": span.trace_id, "spans": [], "processes": {}})
        process = {"serviceName": span.service, "tags": _pairs(span.resource)}
        known = senders.setdefault(span.trace_id, {})
        number = known.setdefault(json.dumps(process), f"p{len(known) + 1}")
        trace["processes"][number] = process
        trace["spans"].append(_spelled(span, number))
    return {"data": list(traces.values()), "total": 0, "limit": 0, "offset": 0, "errors": None}


def _spelled(span: Span, process: str) -> dict[str, Any]:
    references = [_reference("FOLLOWS_FROM", link.trace_id, link.span_id) for link in span.links]
    if span.parent_id is None:
        references = [each for each in references if each["traceID"] != span.trace_id]
    else:
        kind = "FOLLOWS_FROM" if span.detached else "CHILD_OF"
        references.insert(0, _reference(kind, span.trace_id, span.parent_id))
    return {
        "traceID": span.trace_id,
        "spanID": span.span_id,
        "operationName": span.name,
        "references": references,
        "startTime": span.start,
        "duration": span.duration,
        "tags": _pairs({**_said(span), **span.attributes}),
        "logs": [
            {"timestamp": event.time, "fields": _pairs({"event": event.name} | dict(event.attributes))}
            for event in span.events
        ],
        "processID": process,
        "warnings": None,
    }


def _said(span: Span) -> dict[str, Value]:
    """Make the tags that stand for fields."""
    tags: dict[str, Value] = {}
    if span.kind is not Kind.INTERNAL:
        tags["span.kind"] = str(span.kind)
    if span.error:
        tags |= {"error": True, "otel.status_code": "ERROR"}
    elif span.ok:
        tags["otel.status_code"] = "OK"
    if span.message:
        tags["otel.status_description"] = span.message
    if span.remote:
        tags["peer.service"] = span.remote
    if span.scope:
        name, _, version = span.scope.partition(" ")
        tags |= {"otel.scope.name": name} | ({"otel.scope.version": version} if version else {})
    return tags


def _reference(kind: str, trace_id: str, span_id: str) -> dict[str, str]:
    return {"refType": kind, "traceID": trace_id, "spanID": span_id}


def _pairs(tags: Mapping[str, Value]) -> list[dict[str, Any]]:
    return [_pair(key, value) for key, value in tags.items()]


def _pair(key: str, value: Value) -> dict[str, Any]:
    match value:
        case bool():
            return {"key": key, "type": "bool", "value": value}
        case int():
            return {"key": key, "type": "int64", "value": value}
        case float():
            return {"key": key, "type": "float64", "value": value}
        case _:
            return {"key": key, "type": "string", "value": attributes.text(value)}
