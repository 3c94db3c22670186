"""Batches such as senders make: 500 spans of one service, 15 tags each, 1 to 5 spans of each trace.

A trace crosses six services and each of them sends batches of its own, so a trace's spans arrive spread over several.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count

import msgspec
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Status
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message

SIZE = 500
SERVICES = ("gateway", "order", "payment", "inventory", "pricing", "shipping")
SPANS_A_TRACE = 3 * len(SERVICES)  # on average
MEDIA = {"zipkin": "application/json", "otlp": "application/x-protobuf"}  # the forms, and what they are sent as
RARE = ("customer.id", "customer-7")  # one span in 10,000
COMMON = ("http.request.method", "POST")  # every other span

_MARK = b"\xfe\xfd\xfc\xfb"  # in each trace id, and in what is unique to a span: `fresh` replaces it
_ROUTES = ("orders", "orders/{id}", "products", "carts/{id}/items", "quotes", "reservations", "shipments/{id}", "cards")
_AGENTS = (
    "python-httpx2/2.14.1",
    "okhttp/5.1.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101",
    "Go/1.25",
)


@dataclass(frozen=True, slots=True)
class _Made:
    """A span before it is spelled in one form or the other; times in microseconds."""

    trace: bytes
    id: bytes
    parent: bytes
    service: str
    remote: str
    name: str
    kind: str
    start: int
    duration: int
    tags: dict[str, str | int]


def batches(form: str, *, began: int, step: int, seed: int = 1) -> Iterator[bytes]:
    """Make bodies without an end: a trace each `step` microseconds from `began` on. `form` is one of MEDIA."""
    waiting: dict[str, list[_Made]] = {service: [] for service in SERVICES}
    spell = _SPELLED[form]
    chance = random.Random(seed)
    for number in count():
        for span in _trace(chance, number, began + number * step):
            waiting[span.service].append(span)
        for service, spans in waiting.items():
            if len(spans) >= SIZE:
                yield spell(service, spans[:SIZE])
                del spans[:SIZE]


def fresh(bodies: Iterable[bytes], number: int) -> Iterator[bytes]:
    """Copy bodies with other trace ids and other unique values: the set numbered `number` of them."""
    mark = bytes([0xFE, 0xFD]) + number.to_bytes(2, "big")
    for body in bodies:
        yield body.replace(_MARK, mark).replace(_MARK.hex().encode(), mark.hex().encode())


def _trace(chance: random.Random, number: int, start: int) -> Iterator[_Made]:
    """Each service's server span, under it what it does, and last its call of the next service."""
    # Zipkin's memory finds a trace by the id's lower half, so that half is unique; its order looks like chance.
    trace = chance.randbytes(8) + (number * 2654435761 % 2**32).to_bytes(4, "big") + _MARK
    parent, left = b"", int(chance.lognormvariate(11, 1))
    for service, following in zip(SERVICES, (*SERVICES[1:], ""), strict=True):
        server = chance.randbytes(8)
        inner = chance.randrange(5)
        ids = [server, *(chance.randbytes(8) for _ in range(inner))]
        for place, id_ in enumerate(ids):
            kind = "SERVER" if not place else "CLIENT" if place == inner or place % 2 else "INTERNAL"
            remote = "" if kind != "CLIENT" else following if place == inner else f"{service}-database"
            name = f"{'query' if remote.endswith('database') else 'call'} {chance.choice(_ROUTES)}"
            made = _Made(
                trace, id_, server if place else parent, service, remote, name, kind, start + 100 * place, left, {}
            )
            made.tags.update(_tags(chance, made, number))
            yield made
        parent, start, left = ids[-1], start + 1000, max(left * 9 // 10, 1)


def _tags(chance: random.Random, span: _Made, number: int) -> dict[str, str | int]:
    """15 tags: four of values all their own or of many, the others of few."""
    route = chance.choice(_ROUTES)
    failed = chance.random() < 0.01
    return {
        "http.request.method": chance.choice(("GET", "POST")),
        "http.route": f"/v1/{route}",
        "url.path": f"/v1/{route.replace('{id}', f'{number:08x}')}",
        "http.response.status_code": 503 if failed else 200,
        "request.id": f"{chance.getrandbits(64):016x}{_MARK.hex()}",
        "customer.id": f"customer-{chance.randrange(10_000)}",
        "client.address": f"10.3.{chance.randrange(8)}.{chance.randrange(256)}",
        "server.address": f"{span.remote or span.service}.shop.internal",
        "server.port": 8080,
        "network.protocol.version": "1.1",
        "user_agent.original": chance.choice(_AGENTS),
        "thread.name": f"worker-{chance.randrange(16)}",
        "host.name": f"{span.service}-{chance.randrange(4)}",
        "deployment.environment.name": "production",
        "error" if failed else "service.version": "upstream connect error" if failed else "2.14.3",
    }


def _zipkin(service: str, spans: list[_Made]) -> bytes:
    return msgspec.json.encode([_zipkin_span(service, span) for span in spans])


def _zipkin_span(service: str, span: _Made) -> dict[str, object]:
    raw: dict[str, object] = {
        "traceId": span.trace.hex(),
        "id": span.id.hex(),
        "name": span.name,
        "timestamp": span.start,
        "duration": span.duration,
        "localEndpoint": {"serviceName": service, "ipv4": "10.3.0.7"},
        "tags": {key: str(value) for key, value in span.tags.items()},
    }
    if span.parent:
        raw["parentId"] = span.parent.hex()
    if span.kind != "INTERNAL":
        raw["kind"] = span.kind
    if span.remote:
        raw["remoteEndpoint"] = {"serviceName": span.remote}
    return raw


def _otlp(service: str, spans: list[_Made]) -> bytes:
    resource = Resource(attributes=_pairs({"service.name": service, "telemetry.sdk.language": "python"}))
    scope = ScopeSpans(scope=InstrumentationScope(name="bench"), spans=[_otlp_span(span) for span in spans])
    request = ExportTraceServiceRequest(resource_spans=[ResourceSpans(resource=resource, scope_spans=[scope])])
    return bytes(request.SerializeToString())


def _otlp_span(span: _Made) -> Message:
    remote: dict[str, str | int] = {"peer.service": span.remote} if span.remote else {}
    return Message(
        trace_id=span.trace,
        span_id=span.id,
        parent_span_id=span.parent,
        name=span.name,
        kind=Message.SpanKind.Value(f"SPAN_KIND_{span.kind}"),
        start_time_unix_nano=span.start * 1000,
        end_time_unix_nano=(span.start + span.duration) * 1000,
        attributes=_pairs(remote | span.tags),
        status=Status(code=Status.STATUS_CODE_ERROR if "error" in span.tags else Status.STATUS_CODE_UNSET),
    )


def _pairs(tags: dict[str, str | int]) -> list[KeyValue]:
    return [
        KeyValue(key=key, value=AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value))
        for key, value in tags.items()
    ]


_SPELLED: dict[str, Callable[[str, list[_Made]], bytes]] = {"zipkin": _zipkin, "otlp": _otlp}
