"""Zipkin v2 JSON, read and written: https://zipkin.io/zipkin-api/#/default/get_trace__traceId_."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

from discovery import attributes, field, ids
from discovery.errors import Malformed
from discovery.sharing import shared
from discovery.trace import Event, Kind, Span, Value


def spans(document: Any, first: int = 0) -> list[Span]:
    """Read a list of spans, or a list of traces; `first` is its first item's number where it is a part of one."""
    return [span(raw, place) for place, raw in places(document, first)]


def places(document: Any, first: int = 0) -> Iterator[tuple[str, Any]]:
    """Give every span still unread, with its place in the document."""
    for number, item in enumerate(field.a_list(document, "the document"), first):
        if isinstance(item, list):
            yield from ((f"[{number}][{inner}]", each) for inner, each in enumerate(item))
        else:
            yield f"[{number}]", item


def span(raw: Any, place: str) -> Span:
    """Read one span; Malformed names the place."""
    raw = field.an_object(raw, place)
    if "binaryAnnotations" in raw:
        raise Malformed(f"{place} is a span of Zipkin's v1 form; expected v2, as /api/v2/trace gives it.")
    local = field.an_object(raw.get("localEndpoint") or {}, f"{place}.localEndpoint")
    remote = field.an_object(raw.get("remoteEndpoint") or {}, f"{place}.remoteEndpoint")
    raw_tags = field.an_object(raw.get("tags") or {}, f"{place}.tags")
    tags = {
        shared(name): shared(tag) if type(tag) is str else attributes.value(tag)  # mostly texts
        for name, tag in raw_tags.items()
    }
    noted = field.a_list(raw.get("annotations"), f"{place}.annotations")
    return Span(
        trace_id=shared(field.an_id(raw, "traceId", place)),
        span_id=shared(field.an_id(raw, "id", place)),
        parent_id=_parent(raw, place),
        service=shared(field.text(local, "serviceName", f"{place}.localEndpoint")),
        name=shared(field.text(raw, "name", place)),
        kind=attributes.kind(raw.get("kind")),
        start=field.whole(raw, "timestamp", place),
        duration=field.whole(raw, "duration", place),
        error=attributes.is_error(tags),
        message=attributes.error_message(tags),
        remote=shared(field.text(remote, "serviceName", f"{place}.remoteEndpoint")) or None,
        address=_address(local),
        remote_address=_address(remote),
        shared=raw.get("shared") is True,
        debug=raw.get("debug") is True,
        attributes=tags,
        events=tuple([_event(each, f"{place}.annotations") for each in noted]) if noted else (),
    )


def _parent(raw: dict[str, Any], place: str) -> str | None:
    parent = field.text(raw, "parentId", place)
    return None if not parent.strip("0") or parent == raw.get("id") else shared(parent)


def _address(endpoint: dict[str, Any]) -> Mapping[str, Value]:
    ipv4, ipv6, port = endpoint.get("ipv4"), endpoint.get("ipv6"), endpoint.get("port")
    return _placed(
        ipv4 if isinstance(ipv4, str) else "", ipv6 if isinstance(ipv6, str) else "", port if type(port) is int else 0
    )


@lru_cache(1024)
def _placed(ipv4: str, ipv6: str, port: int) -> Mapping[str, Value]:
    """Return ipv4, ipv6 and port where they are any; an address stands under its own family, whatever it came as."""
    return _ip(ipv4) | _ip(ipv6) | ({"port": port} if port > 0 else {})


def _ip(given: str) -> dict[str, Value]:
    try:
        found = ip_address(given)
    except ValueError:
        return {}
    plain = (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
    return {f"ipv{plain.version}": str(plain)}


def _event(raw: Any, place: str) -> Event:
    noted = field.an_object(raw, place)
    time, value = field.whole(noted, "timestamp", place), field.text(noted, "value", place)
    event = attributes.event(time, value)
    # Only what can be put together again is taken apart, so that everything is given back as it came.
    return event if annotation(event) == value else Event(time, value)


def as_json(span: Span) -> dict[str, Any]:
    """Spell a span as Zipkin does; resource attributes join the tags, an event's go into its annotation as JSON."""
    tags = {name: attributes.text(value) for name, value in {**span.resource, **span.attributes}.items()}
    if span.error:
        tags.setdefault("error", span.message)
    spelled: dict[str, Any] = {"traceId": ids.short(span.trace_id), "id": _span_id(span.span_id)}
    if span.parent_id:
        spelled["parentId"] = _span_id(span.parent_id)
    if span.kind is not Kind.INTERNAL:
        spelled["kind"] = span.kind.upper()
    spelled |= {"name": span.name} if span.name else {}
    spelled |= {"timestamp": span.start} if span.start else {}
    spelled |= {"duration": span.duration} if span.duration else {}
    if local := _endpoint(span.service, span.address):
        spelled["localEndpoint"] = local
    if remote := _endpoint(span.remote, span.remote_address):
        spelled["remoteEndpoint"] = remote
    if span.events:
        noted = sorted({(event.time, annotation(event)) for event in span.events})
        spelled["annotations"] = [{"timestamp": time, "value": value} for time, value in noted]
    if tags:
        spelled["tags"] = tags
    if span.debug:
        spelled["debug"] = True
    if span.shared:
        spelled["shared"] = True
    return spelled


def _span_id(span_id: str) -> str:
    return span_id.lower().rjust(16, "0") if ids.is_span_id(span_id) else span_id


def _endpoint(service: str | None, address: Mapping[str, Value]) -> dict[str, Value]:
    return ({"serviceName": service} if service else {}) | dict(address)


def annotation(event: Event) -> str:
    """Spell an event as one text, as OpenTelemetry's exporter does: its attributes go along as JSON."""
    return json.dumps({event.name: dict(event.attributes)}, sort_keys=True) if event.attributes else event.name
