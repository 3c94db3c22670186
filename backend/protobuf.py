"""OTLP in its protobuf form, made into spans of the trace model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # the library has no types of its own
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message

from discovery import attributes, otlp
from discovery.errors import Malformed
from discovery.trace import Span, SpanLink, Value


def spans(body: bytes) -> Iterator[Span | Malformed]:
    """Read an export request: every span, or in its place what is wrong with it. Malformed where it is none."""
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise Malformed("The body is not an OTLP ExportTraceServiceRequest in protobuf.") from error
    for number, group in enumerate(request.resource_spans):
        resource = _tags(group.resource.attributes)
        for inner, scope in enumerate(group.scope_spans):
            name = f"{scope.scope.name} {scope.scope.version}".strip()
            for last, message in enumerate(scope.spans):
                place = f"resourceSpans[{number}].scopeSpans[{inner}].spans[{last}]"
                yield _span(message, resource, name, place)


def answer(refused: int, reason: str) -> bytes:
    """Return the response to an export request."""
    response = ExportTraceServiceResponse()
    if refused:
        response.partial_success.rejected_spans = refused
        response.partial_success.error_message = reason
    return bytes(response.SerializeToString())


def _span(message: Message, resource: dict[str, Value], scope: str, place: str) -> Span | Malformed:
    if len(message.trace_id) != 16 or len(message.span_id) != 8:
        return Malformed(f"{place} has ids of the wrong length; expected a traceId of 16 bytes and a spanId of 8.")
    return otlp.make(
        trace_id=message.trace_id.hex(),
        span_id=message.span_id.hex(),
        parent_id=message.parent_span_id.hex(),
        name=message.name,
        kind=otlp.kind(int(message.kind)),
        nanoseconds=(message.start_time_unix_nano, max(message.start_time_unix_nano, message.end_time_unix_nano)),
        status=(int(message.status.code), message.status.message),
        tags=_tags(message.attributes),
        resource=resource,
        events=[(event.time_unix_nano, event.name, _tags(event.attributes)) for event in message.events],
        links=[SpanLink(link.trace_id.hex(), link.span_id.hex(), _tags(link.attributes)) for link in message.links],
        scope=scope,
    )


def _tags(pairs: Iterable[KeyValue]) -> dict[str, Value]:
    return {pair.key: attributes.value(_plain(pair.value)) for pair in pairs}


def _plain(wrapped: AnyValue) -> Any:
    match wrapped.WhichOneof("value"):
        case None:
            return ""
        case "array_value":
            return [_plain(each) for each in wrapped.array_value.values]
        case "kvlist_value":
            return {pair.key: _plain(pair.value) for pair in wrapped.kvlist_value.values}
        case "bytes_value":
            return wrapped.bytes_value.hex()
        case name:
            return getattr(wrapped, name)
