"""OTLP JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from discovery import attributes, field
from discovery.sharing import shared
from discovery.trace import Kind, Span, SpanLink, Value

KINDS = (Kind.INTERNAL, Kind.INTERNAL, Kind.SERVER, Kind.CLIENT, Kind.PRODUCER, Kind.CONSUMER)
OK, ERROR = 1, 2
CODES: dict[int | str, int | str] = {"STATUS_CODE_OK": OK, "STATUS_CODE_ERROR": ERROR}
# How OpenTelemetry spells that a parent did not wait: https://opentelemetry.io/docs/specs/otel/compatibility/opentracing/
_REFERENCE, _FOLLOWS = "opentracing.ref_type", "follows_from"

Place = tuple[str, Mapping[str, Value], str, Any]


def spans(document: Any) -> list[Span]:
    """Read a TracesData or an export request."""
    return [span(raw, resource, place, scope) for place, resource, scope, raw in places(document)]


def places(document: Any) -> Iterator[Place]:
    """Give every span still unread, with its place in the document, what its resource says, and its scope's name."""
    groups = field.a_list(field.an_object(document, "the document").get("resourceSpans"), "resourceSpans")
    resources: dict[str, Mapping[str, Value]] = {}  # one for all spans of a sender, in however many groups they come
    for number, each in enumerate(groups):
        place = f"resourceSpans[{number}]"
        group = field.an_object(each, place)
        sender = _tags(field.an_object(group.get("resource") or {}, f"{place}.resource"), f"{place}.resource")
        resource = resources.setdefault(repr(sender), sender)
        for inner, scope in enumerate(field.a_list(group.get("scopeSpans"), f"{place}.scopeSpans")):
            inside = f"{place}.scopeSpans[{inner}]"
            scope_spans = field.a_list(field.an_object(scope, inside).get("spans"), f"{inside}.spans")
            name = _scope(scope.get("scope") or {}, f"{inside}.scope")
            for last, raw in enumerate(scope_spans):
                yield f"{inside}.spans[{last}]", resource, name, raw


def span(raw: Any, resource: Mapping[str, Value], place: str, scope: str = "") -> Span:
    """Read one span; Malformed names the place."""
    raw = field.an_object(raw, place)
    status = field.an_object(raw.get("status") or {}, f"{place}.status")
    code = status.get("code")
    code = CODES.get(code, code) if isinstance(code, int | str) else 0
    tags = _tags(raw, place)
    start = field.whole(raw, "startTimeUnixNano", place)
    end = max(start, field.whole(raw, "endTimeUnixNano", place))
    events = field.a_list(raw.get("events"), f"{place}.events")
    return make(
        trace_id=field.an_id(raw, "traceId", place),
        span_id=field.an_id(raw, "spanId", place),
        parent_id=field.text(raw, "parentSpanId", place),
        name=field.text(raw, "name", place),
        kind=kind(raw.get("kind")),
        nanoseconds=(start, end),
        status=(code, field.text(status, "message", f"{place}.status")),
        tags=tags,
        resource=resource,
        events=[_event(each, f"{place}.events[{number}]") for number, each in enumerate(events)],
        links=[_link(each, f"{place}.links") for each in field.a_list(raw.get("links"), f"{place}.links")],
        scope=scope,
    )


def make(
    *,
    trace_id: str,
    span_id: str,
    parent_id: str,
    name: str,
    kind: Kind,
    nanoseconds: tuple[int, int],
    status: tuple[int | str, str],
    tags: dict[str, Value],
    resource: Mapping[str, Value],
    events: list[tuple[int, str, dict[str, Value]]],
    links: list[SpanLink],
    scope: str = "",
) -> Span:
    """Make a span of OTLP's fields, from JSON or protobuf; `nanoseconds` are start and end, `status` code and why."""
    start, end = nanoseconds[0] // 1000, nanoseconds[1] // 1000
    code, message = status
    peer = tags.get("peer.service")
    waited_for = [link for link in links if link.span_id != parent_id or link.attributes.get(_REFERENCE) != _FOLLOWS]
    return Span(
        trace_id=shared(trace_id),
        span_id=shared(span_id),
        parent_id=shared(parent_id) if parent_id.strip("0") and parent_id != span_id else None,
        service=attributes.text(resource.get("service.name", "")),
        name=shared(name),
        kind=kind,
        start=start,
        duration=end - start,
        error=code == ERROR or attributes.is_error(tags),
        ok=code == OK,
        message=message or attributes.error_message(tags),
        remote=None if peer is None else shared(attributes.text(peer)),
        detached=len(waited_for) < len(links),
        scope=scope,
        attributes=tags,
        resource=resource,
        events=tuple(attributes.event(time // 1000, event, fields) for time, event, fields in events),
        links=tuple(waited_for),
    )


def kind(raw: Any) -> Kind:
    """Read a kind, a number or a name."""
    if isinstance(raw, int):
        return KINDS[raw] if 0 <= raw < len(KINDS) else Kind.INTERNAL
    return attributes.kind(raw)


def _scope(raw: Any, place: str) -> str:
    scope = field.an_object(raw, place)
    return f"{field.text(scope, 'name', place)} {field.text(scope, 'version', place)}".strip()


def _link(raw: Any, place: str) -> SpanLink:
    link = field.an_object(raw, place)
    return SpanLink(field.text(link, "traceId", place), field.text(link, "spanId", place), _tags(link, place))


def _event(raw: Any, place: str) -> tuple[int, str, dict[str, Value]]:
    event = field.an_object(raw, place)
    return field.whole(event, "timeUnixNano", place), field.text(event, "name", place), _tags(event, place)


def _tags(raw: dict[str, Any], place: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for each in field.a_list(raw.get("attributes"), f"{place}.attributes"):
        pair = field.an_object(each, f"{place}.attributes")
        value = pair.get("value")
        said = value.get("stringValue") if isinstance(value, dict) and len(value) == 1 else None  # as most are
        found[shared(str(pair.get("key", "")))] = (
            shared(said) if type(said) is str else attributes.value(_any_value(value))
        )
    return found


def _any_value(raw: Any) -> Any:
    """Unwrap OTLP's AnyValue: an object with one member that names the type."""
    if not isinstance(raw, dict) or not raw:
        return ""
    [(name, inner), *_] = raw.items()
    match name:
        case "intValue":
            return (
                int(inner)
                if isinstance(inner, int) or (isinstance(inner, str) and inner.lstrip("-").isdecimal())
                else str(inner)
            )
        case "arrayValue":
            return [_any_value(each) for each in _members(inner)]
        case "kvlistValue":
            return {
                str(each.get("key")): _any_value(each.get("value"))
                for each in _members(inner)
                if isinstance(each, dict)
            }
        case _:
            return inner


def _members(raw: Any) -> list[Any]:
    values = raw.get("values") if isinstance(raw, dict) else None
    return values if isinstance(values, list) else []


def as_json(spans: Iterable[Span]) -> dict[str, Any]:
    """Spell spans as an exporter does: grouped by who sent them and by scope, in the order of their appearance.

    What only other forms know (Zipkin's addresses, shared ids and debug flags) has no place here and is left out.
    """
    groups: dict[str, dict[str, Any]] = {}
    for each in spans:
        resource = {"service.name": each.service, **each.resource} if each.service else each.resource
        sender = {"attributes": _pairs(resource)}
        group = groups.setdefault(json.dumps(sender), {"resource": sender, "scopes": {}})
        group["scopes"].setdefault(each.scope, []).append(_spelled(each))
    return {
        "resourceSpans": [
            {
                "resource": group["resource"],
                "scopeSpans": [{"scope": _scoped(scope), "spans": inside} for scope, inside in group["scopes"].items()],
            }
            for group in groups.values()
        ]
    }


def _spelled(span: Span) -> dict[str, Any]:
    tags = {"peer.service": span.remote, **span.attributes} if span.remote else span.attributes
    links = span.links
    if span.detached and span.parent_id:
        links = (SpanLink(span.trace_id, span.parent_id, {_REFERENCE: _FOLLOWS}), *links)
    spelled: dict[str, Any] = {"traceId": span.trace_id, "spanId": span.span_id}
    if span.parent_id:
        spelled["parentSpanId"] = span.parent_id
    spelled |= {
        "name": span.name,
        "kind": max(1, KINDS.index(span.kind, 1)),
        "startTimeUnixNano": str(span.start * 1000),
        "endTimeUnixNano": str(span.end * 1000),
    }
    if tags:
        spelled["attributes"] = _pairs(tags)
    if span.events:
        spelled["events"] = [
            {"timeUnixNano": str(event.time * 1000), "name": event.name, "attributes": _pairs(event.attributes)}
            for event in span.events
        ]
    if links:
        spelled["links"] = [
            {"traceId": link.trace_id, "spanId": link.span_id, "attributes": _pairs(link.attributes)} for link in links
        ]
    status = ({"code": OK} if span.ok else {"code": ERROR} if span.error else {}) | (
        {"message": span.message} if span.message else {}
    )
    if status:
        spelled["status"] = status
    return spelled


def _scoped(scope: str) -> dict[str, str]:
    name, _, version = scope.partition(" ")
    return {"name": name, "version": version} if version else {"name": name}


def _pairs(tags: Mapping[str, Value]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _wrapped(value)} for key, value in tags.items()]


def _wrapped(value: Value) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value if math.isfinite(value) else str(value)}
        case list():
            return {"arrayValue": {"values": [_wrapped(each) for each in value]}}
        case dict():
            return {"kvlistValue": {"values": _pairs(value)}}
        case _:
            return {"stringValue": value}
