"""Jaeger's JSON: the form of its UI's download and of /api/traces/{id}. What /api/v3 answers is OTLP under `result`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from discovery import attributes, field
from discovery.trace import Event, Span, Value


def spans(document: Any) -> list[Span]:
    """Read `{"data": [trace, ...]}`, or one trace alone."""
    whole = field.an_object(document, "the document")
    traces = field.a_list(whole["data"], "data") if "data" in whole else [whole]
    found: list[Span] = []
    for number, each in enumerate(traces):
        place = f"data[{number}]"
        trace = field.an_object(each, place)
        processes = field.an_object(trace.get("processes") or {}, f"{place}.processes")
        default = field.text(trace, "traceID", place)
        for inner, raw in enumerate(field.a_list(trace.get("spans"), f"{place}.spans")):
            found.append(_span(raw, processes, default, f"{place}.spans[{inner}]"))
    return found


def _span(raw: Any, processes: Mapping[str, Any], trace_id: str, place: str) -> Span:
    raw = field.an_object(raw, place)
    process = raw.get("process") or processes.get(str(raw.get("processID")), {})
    process = field.an_object(process, f"{place}.process")
    tags = _tags(raw.get("tags"), f"{place}.tags")
    parent, detached = _parent(raw, place)
    peer = tags.get("peer.service")
    return Span(
        trace_id=field.text(raw, "traceID", place) or trace_id or "unnamed",
        span_id=field.an_id(raw, "spanID", place),
        parent_id=parent,
        service=field.text(process, "serviceName", f"{place}.process"),
        name=field.text(raw, "operationName", place),
        kind=attributes.kind(tags.get("span.kind")),
        start=field.whole(raw, "startTime", place),
        duration=field.whole(raw, "duration", place),
        error=attributes.is_error(tags),
        message=attributes.error_message(tags),
        remote=None if peer is None else str(peer),
        detached=detached,
        attributes=tags,
        resource=_tags(process.get("tags"), f"{place}.process.tags"),
        events=tuple(_event(each, f"{place}.logs") for each in field.a_list(raw.get("logs"), f"{place}.logs")),
    )


def _parent(raw: dict[str, Any], place: str) -> tuple[str | None, bool]:
    """Return the parent's id, and whether it did not wait; as in Jaeger, the first reference counts."""
    references = field.a_list(raw.get("references"), f"{place}.references")
    for each in references:
        reference = field.an_object(each, f"{place}.references")
        same_trace = reference.get("traceID") in (None, raw.get("traceID")) or "traceID" not in raw
        parent = field.text(reference, "spanID", f"{place}.references")
        if same_trace and parent and parent != raw.get("spanID"):
            return parent, reference.get("refType") == "FOLLOWS_FROM"
    return field.text(raw, "parentSpanID", place) or None, False


def _event(raw: Any, place: str) -> Event:
    log = field.an_object(raw, place)
    fields = _tags(log.get("fields"), f"{place}.fields")
    name = str(fields.pop("event", "") or fields.pop("message", ""))
    return attributes.event(field.whole(log, "timestamp", place), name, fields)


def _tags(raw: Any, place: str) -> dict[str, Value]:
    pairs = (field.an_object(each, place) for each in field.a_list(raw, place))
    return {str(pair.get("key", "")): attributes.value(pair.get("value")) for pair in pairs}
