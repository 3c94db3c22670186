"""One small trace, spelled in every form that is read."""

from __future__ import annotations

import json
from typing import Any

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
START = 1_700_000_000_000_000

_STATUS = {"code": 2, "message": "out of stock"}


def otlp() -> dict[str, Any]:
    """As an OTLP exporter writes it: a server span, a failed client span below it, and an event."""
    server = _otlp_span(2, 0, 100) | {"spanId": "00f067aa0ba902b7", "parentSpanId": "", "name": "POST /orders"}
    client = _otlp_span(3, 10, 60) | {"spanId": "b7ad6b7169203331", "parentSpanId": "00f067aa0ba902b7", "name": "POST"}
    client["status"] = _STATUS
    client["attributes"] = [
        {"key": "http.response.status_code", "value": {"intValue": "503"}},
        {"key": "retried", "value": {"boolValue": False}},
        {"key": "urls", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"stringValue": "b"}]}}},
    ]
    client["events"] = [
        {
            "timeUnixNano": str((START + 50) * 1000),
            "name": "exception",
            "attributes": [{"key": "exception.type", "value": {"stringValue": "Refused"}}],
        }
    ]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "order"}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [server, client]}]}]}


def _otlp_span(kind: int, start: int, end: int) -> dict[str, Any]:
    return {
        "traceId": TRACE_ID,
        "kind": kind,
        "startTimeUnixNano": str((START + start) * 1000),
        "endTimeUnixNano": str((START + end) * 1000),
    }


def jaeger_v3() -> dict[str, Any]:
    """As Jaeger's /api/v3 answers."""
    return {"result": otlp()}


def jaeger_v3_stream() -> str:
    """As Jaeger's /api/v3 answers in chunks, a line each: one span in each."""
    [group] = otlp()["resourceSpans"]
    chunks = [
        {"result": {"resourceSpans": [{**group, "scopeSpans": [{"spans": [span]}]}]}}
        for span in group["scopeSpans"][0]["spans"]
    ]
    return "\n".join(json.dumps(chunk) for chunk in chunks) + "\n"


def jaeger_ui() -> dict[str, Any]:
    """As Jaeger's UI saves it."""
    server = {
        "traceID": TRACE_ID,
        "spanID": "00f067aa0ba902b7",
        "operationName": "POST /orders",
        "references": [],
        "startTime": START,
        "duration": 100,
        "tags": [{"key": "span.kind", "type": "string", "value": "server"}],
        "logs": [],
        "processID": "p1",
    }
    client = {
        **server,
        "spanID": "b7ad6b7169203331",
        "operationName": "POST",
        "references": [{"refType": "CHILD_OF", "traceID": TRACE_ID, "spanID": "00f067aa0ba902b7"}],
        "startTime": START + 10,
        "duration": 50,
        "tags": [
            {"key": "span.kind", "type": "string", "value": "client"},
            {"key": "error", "type": "bool", "value": True},
            {"key": "otel.status_description", "type": "string", "value": "out of stock"},
        ],
        "logs": [
            {
                "timestamp": START + 50,
                "fields": [
                    {"key": "event", "type": "string", "value": "exception"},
                    {"key": "exception.type", "type": "string", "value": "Refused"},
                ],
            }
        ],
    }
    trace = {"traceID": TRACE_ID, "spans": [server, client], "processes": {"p1": {"serviceName": "order", "tags": []}}}
    return {"data": [trace], "total": 0, "limit": 0, "offset": 0, "errors": None}


def zipkin() -> list[dict[str, Any]]:
    """As Zipkin answers, with an event as OpenTelemetry's exporter spells it."""
    endpoint = {"serviceName": "order"}
    server = {
        "traceId": TRACE_ID,
        "id": "00f067aa0ba902b7",
        "kind": "SERVER",
        "name": "post /orders",
        "timestamp": START,
    }
    server |= {"duration": 100, "localEndpoint": endpoint}
    client = {
        "traceId": TRACE_ID,
        "id": "b7ad6b7169203331",
        "parentId": "00f067aa0ba902b7",
        "kind": "CLIENT",
        "name": "post",
    }
    client |= {"timestamp": START + 10, "duration": 50, "localEndpoint": endpoint, "tags": {"error": "out of stock"}}
    client["annotations"] = [{"timestamp": START + 50, "value": '{"exception": {"exception.type": "Refused"}}'}]
    return [server, client]


FORMS = {
    "OTLP": json.dumps(otlp()),
    "Jaeger v3": json.dumps(jaeger_v3()),
    "Jaeger v3 in chunks": jaeger_v3_stream(),
    "Jaeger UI": json.dumps(jaeger_ui()),
    "Zipkin": json.dumps(zipkin()),
    "Zipkin, a list of traces": json.dumps([zipkin()]),
}
