"""OTLP's JSON made protobuf, span by span, so that a bad one does not take the good ones with it.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding: protobuf's own JSON mapping, but that trace and span
ids are hexadecimal and enums may be numbers only; fields that are not known are passed over.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, TypeVar

import msgspec
from google.protobuf import json_format  # type: ignore[import-untyped]  # the library has no types of its own
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from backend.batch import MOST_TAKEN, TOO_MANY
from discovery import field
from discovery.errors import Malformed

_IDS = ("traceId", "spanId", "parentSpanId")
_DEEPEST = 64  # levels of nested values
_Message = TypeVar("_Message", ResourceSpans, ScopeSpans, Span)


def request(body: bytes) -> tuple[bytes, list[str]]:
    """Return the export request in protobuf, and what was wrong with each span that was left out.

    Malformed where the body is no export request at all.
    """
    try:
        document = field.an_object(msgspec.json.decode(body), "the document")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"The body is not JSON: {error}.") from error
    made, reasons, left = ExportTraceServiceRequest(), [], MOST_TAKEN
    for number, each in enumerate(field.a_list(document.get("resourceSpans"), "resourceSpans")):
        place = f"resourceSpans[{number}]"
        group = field.an_object(each, place)
        scopes = field.a_list(group.get("scopeSpans"), f"{place}.scopeSpans")
        resource = made.resource_spans.add()
        _filled(resource, {name: part for name, part in group.items() if name != "scopeSpans"}, place)
        left -= 1 + len(scopes)
        for inner, raw in enumerate(scopes):
            if left < 0:
                raise Malformed(TOO_MANY)
            reasons += _scope(resource.scope_spans.add(), raw, f"{place}.scopeSpans[{inner}]")
            left -= len(raw.get("spans") or ())
    return bytes(made.SerializeToString()), reasons


def _scope(made: ScopeSpans, raw: Any, place: str) -> list[str]:
    scope = field.an_object(raw, place)
    _filled(made, {name: part for name, part in scope.items() if name != "spans"}, place)
    spans = field.a_list(scope.get("spans"), f"{place}.spans")
    if len(spans) > MOST_TAKEN:
        raise Malformed(TOO_MANY)
    reasons = []
    for last, span in enumerate(spans):
        inside = f"{place}.spans[{last}]"
        try:
            made.spans.append(_filled(Span(), _with_ids(field.an_object(span, inside), inside), inside))
        except Malformed as error:
            reasons.append(str(error))
    return reasons


def _filled(made: _Message, raw: dict[str, Any], place: str) -> _Message:
    try:
        json_format.ParseDict(raw, made, ignore_unknown_fields=True, max_recursion_depth=_DEEPEST)
    except (json_format.ParseError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Malformed(f"{place}: {' '.join(str(error).split())}") from error
    return made


def _with_ids(span: dict[str, Any], place: str) -> dict[str, Any]:
    """Spell ids in base64, as protobuf's JSON wants all bytes."""
    links = [
        _respelled(field.an_object(link, f"{place}.links"), f"{place}.links[{number}]")
        for number, link in enumerate(field.a_list(span.get("links"), f"{place}.links"))
    ]
    return _respelled(span, place) | ({"links": links} if links else {})


def _respelled(raw: dict[str, Any], place: str) -> dict[str, Any]:
    ids = {name: field.text(raw, name, place) for name in _IDS if name in raw}
    try:
        return raw | {name: base64.b64encode(binascii.unhexlify(digits)).decode() for name, digits in ids.items()}
    except ValueError as error:
        raise Malformed(f"{place} has an id that is not hexadecimal.") from error
