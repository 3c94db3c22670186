"""OTLP in its protobuf form, made into spans of the trace model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message

from discovery import otlp
from discovery.trace import Span, SpanLink, Value

Place = tuple[int, int, int]  # of a span: number of its resource, of its scope there, of itself there


def spans(request: ExportTraceServiceRequest, places: Iterable[Place]) -> Iterator[Span]:
    """Make the spans at some places of a request."""
    resources: dict[int, dict[str, Value]] = {}
    for number, inner, last in places:
        group = request.resource_spans[number]
        if number not in resources:
            resources[number] = _tags(group.resource.attributes)
        scope = group.scope_spans[inner]
        name = f"{scope.scope.name} {scope.scope.version}".strip()
        yield _span(scope.spans[last], resources[number], name)


def answer(refused: int, reason: str) -> bytes:
    """Return the response to an export request."""
    response = ExportTraceServiceResponse()
    if refused:
        response.partial_success.rejected_spans = refused
        response.partial_success.error_message = reason
    return bytes(response.SerializeToString())


def _span(message: Message, resource: dict[str, Value], scope: str) -> Span:
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
    return {pair.key: value(pair.value) for pair in pairs}


def value(wrapped: AnyValue) -> Value:
    """Unwrap OTLP's AnyValue; bytes become their hexadecimal digits."""
    name: Any = wrapped.WhichOneof("value")
    match name:
        case None:
            return ""
        case "array_value":
            return [value(each) for each in wrapped.array_value.values]
        case "kvlist_value":
            return {pair.key: value(pair.value) for pair in wrapped.kvlist_value.values}
        case "bytes_value":
            return wrapped.bytes_value.hex()
        case _:
            plain: Value = getattr(wrapped, name)
            return plain
