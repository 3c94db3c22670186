"""The client's root spans, as a collector gets them."""

from __future__ import annotations

import socket
import time

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from load.errors import WrongUse
from load.generator import Limits
from load.result import counts, slowest

MIX = {"POST /orders": 2, "GET /orders/{id}": 2, "GET /products": 1}


def attributes(span):
    """A span's attributes, each as text."""
    return {item.key: item.value.string_value or str(item.value.int_value) for item in span.attributes}


def test_one_root_span_a_request(shop, load):
    """A request is one root span of the service `client`, of kind CLIENT, named by its route, with its header's id."""
    result = load(0.2, 100, MIX)
    spans = shop.otlp_spans()
    assert {service for service, _ in spans} == {"client"}
    assert {span.name for _, span in spans} == set(MIX)
    assert {span.kind for _, span in spans} == {Span.SPAN_KIND_CLIENT}
    assert not any(span.parent_span_id for _, span in spans)
    sent = {(seen.trace_id, seen.headers["traceparent"].split("-")[2]) for seen in shop.seen[1:]}
    assert {(span.trace_id.hex(), span.span_id.hex()) for _, span in spans} == sent
    assert {each.trace_id for each in result.requests} == {trace for trace, _ in sent}
    assert (result.spans.ended, result.spans.delivered, len(spans)) == (20, 20, 20)


@pytest.mark.parametrize("status", [402, 404, 409])
def test_business_is_not_red(shop, load, status):
    """A declined card, an unknown order and an empty shelf leave the root span's status unset."""
    shop.answers["POST /orders"] = status
    load(0.1, 20)
    (_, span), *_ = shop.otlp_spans()
    assert span.status.code == Status.STATUS_CODE_UNSET
    assert attributes(span)["http.response.status_code"] == str(status)
    assert "error.type" not in attributes(span)


@pytest.mark.parametrize(("answer", "kind"), [(503, "503"), (422, "422"), ("hang-up", "connection_lost")])
def test_errors_are_red(shop, load, answer, kind):
    """Any other 4xx or 5xx, and a lost connection, make the root span an error with its type."""
    shop.answers["POST /orders"] = answer
    load(0.1, 20)
    (_, span), *_ = shop.otlp_spans()
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert attributes(span)["error.type"] == kind


def test_an_unfinished_request_has_a_span_too(shop, load):
    """A request given up at the end is still an ended root span, so that its trace is whole."""
    shop.answers["POST /orders"] = "hold"
    load(0.1, 20, limits=Limits(patience=0.1))
    assert {attributes(span)["error.type"] for _, span in shop.otlp_spans()} == {"unfinished"}
    assert len(shop.otlp_spans()) == 2


def test_no_span_names_a_fault(shop, load):
    """Nothing that is exported of a request that carries a fault tells that it does."""
    load(0.1, 200, fault="payment.latency:300ms")
    exported = b"".join(request.SerializeToString() for request in shop.otlp)
    assert all("baggage" in order.headers for order in shop.orders())
    assert not [word for word in (b"fault", b"latency", b"300ms", b"baggage") if word in exported]


def test_zipkin_json(shop, load, monkeypatch):
    """With OTEL_TRACES_EXPORTER=zipkin_json the spans arrive as Zipkin's."""
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "zipkin_json")
    monkeypatch.setenv("OTEL_EXPORTER_ZIPKIN_ENDPOINT", f"{shop.url}/api/v2/spans")
    result = load()
    assert {(span["kind"], span["localEndpoint"]["serviceName"]) for span in shop.zipkin} == {("CLIENT", "client")}
    assert {span["traceId"] for span in shop.zipkin} == {each.trace_id for each in result.requests}
    assert not shop.otlp


@pytest.mark.parametrize(("name", "value"), [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")])
def test_without_tracing(shop, load, monkeypatch, name, value):
    """Without an exporter, or with the SDK off, requests and their faults go on, and no link is offered."""
    monkeypatch.setenv(name, value)
    result = load(0.1, 200, fault="payment.latency:300ms")
    assert counts(result.requests)["ok"] == 20
    assert {order.headers["baggage"] for order in shop.orders()} == {"fault=payment.latency%3A300ms"}
    assert not shop.otlp
    assert not slowest(result.requests)
    assert (result.traced, result.unsampled) == (False, 0)


def test_unsampled_requests(shop, load, monkeypatch):
    """The client's sampler decides for the trace: unsampled requests say so to the shop, are counted, have no link."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    result = load(0.6, 100)
    sampled = {order.trace_id for order in shop.orders() if int(order.headers["traceparent"][-2:], 16) & 1}
    assert 10 < len(sampled) < 50
    assert {each.trace_id for each in result.requests} == sampled | {None}
    assert result.unsampled == 60 - len(sampled)
    assert len(shop.otlp_spans()) == len(sampled)


def test_sampling_does_not_choose_who_is_hit(shop, load, monkeypatch):
    """Who carries the fault is the same whatever the sampler, since no trace id takes part."""
    hit = []
    for sampler in ("always_on", "always_off"):
        monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
        shop.seen.clear()
        load(0.2, 100, fault="order.error", percent=40)
        hit.append({order.sequence for order in shop.orders() if "baggage" in order.headers})
    assert hit[0] == hit[1] != set()


def test_names_from_the_environment(shop, load, monkeypatch):
    """OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over the name `client`."""
    monkeypatch.setenv("OTEL_SERVICE_NAME", "robot")
    load(0.1, 20)
    assert {service for service, _ in shop.otlp_spans()} == {"robot"}


@pytest.mark.parametrize("name", ["OTEL_TRACES_EXPORTER", "OTEL_PYTHON_ID_GENERATOR"])
def test_unknown_component(load, monkeypatch, name):
    """A variable that names what is not installed is told by its name, before anything is sent."""
    monkeypatch.setenv(name, "carrier-pigeon")
    with pytest.raises(WrongUse, match=f"{name} names 'carrier-pigeon'"):
        load()


def test_dead_backend(load, monkeypatch):
    """With nothing listening for spans every request is served, and every span is counted as lost."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    result = load(limits=Limits(flush=0.3))
    assert counts(result.requests)["ok"] == 20
    assert (result.spans.ended, result.spans.lost) == (20, 20)


def test_frozen_backend(load, monkeypatch):
    """A backend that accepts and never answers holds the end up for no longer than was allowed; its span is lost."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{frozen.getsockname()[1]}")
        began = time.monotonic()
        result = load(0.2, 20, limits=Limits(flush=0.3))
        assert time.monotonic() - began < 3
        assert (result.spans.ended, result.spans.lost) == (4, 4)
        assert Limits().flush <= 5
