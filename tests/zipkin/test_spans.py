"""Spans are given back as the real server gives them back, or are refused where it refuses them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.zipkin.differences import answer
from tests.zipkin.server import BASE, REFUSED, in_order, span, unique

NOW = BASE * 1000
AS_SENT: Any = object()
PLAIN: dict[str, Any] = {}
TWICE = {"id": "b", "tags": {"x": "1"}}
NOTED = {"timestamp": NOW, "value": "b"}


@dataclass(frozen=True, slots=True)
class Case:
    """Changes to a plain span, and how it is given back by the real server: so changed, or refused."""

    name: str
    sent: dict[str, Any]
    given: Any = field(default=AS_SENT)


def local(**endpoint: Any) -> dict[str, Any]:
    """Change a span's local endpoint."""
    return {"localEndpoint": endpoint}


CASES = [
    Case("a plain span", PLAIN),
    Case("short ids", {"id": "5", "parentId": "6"}, {"id": "0" * 15 + "5", "parentId": "0" * 15 + "6"}),
    Case("a span id in upper case", {"id": "A" * 16}, REFUSED),
    Case("a parent's id in upper case", {"parentId": "A" * 16}, REFUSED),
    Case("a span id of 17 digits", {"id": "1" * 17}, REFUSED),
    Case("a span id of zeros", {"id": "0" * 16}, REFUSED),
    Case("a span id of one zero", {"id": "0"}, {"id": "0" * 16}),
    Case("a span id that is empty", {"id": ""}, REFUSED),
    Case("a span id that is null", {"id": None}, REFUSED),
    Case("a span id that is a number", {"id": 5}, {"id": "0" * 15 + "5"}),
    Case("no span id", {"id": ...}, REFUSED),
    Case("a span id that is no hexadecimal", {"id": "xyz"}, REFUSED),
    Case("no trace id", {"traceId": ...}, REFUSED),
    Case("a trace id that is empty", {"traceId": ""}, REFUSED),
    Case("a trace id of zeros", {"traceId": "0" * 16}, REFUSED),
    Case("a trace id of 33 digits", {"traceId": "1" * 33}, REFUSED),
    Case("a trace id that is no hexadecimal", {"traceId": "xyz"}, REFUSED),
    Case("a parent of zeros", {"parentId": "0" * 16}, PLAIN),
    Case("a parent that is null", {"parentId": None}, PLAIN),
    Case("a parent that is the span itself", {"id": "5", "parentId": "5"}, {"id": "0" * 15 + "5"}),
    Case("a parent whose id is empty", {"parentId": ""}, REFUSED),
    Case("a parent whose id is no hexadecimal", {"parentId": "xyz"}, REFUSED),
    Case("a parent whose id has 17 digits", {"parentId": "1" * 17}, REFUSED),
    Case("no times", {"timestamp": ..., "duration": ...}),
    Case("times of zero", {"timestamp": 0, "duration": 0}, {"timestamp": ..., "duration": ...}),
    Case("times that are null", {"timestamp": None, "duration": None}, {"timestamp": ..., "duration": ...}),
    Case("a negative time", {"timestamp": -5}, {"timestamp": ...}),
    Case("a negative duration", {"duration": -5}, {"duration": ...}),
    Case("a time with a fraction", {"timestamp": NOW + 0.5}, REFUSED),
    Case("a duration with a fraction", {"duration": 1.5}, REFUSED),
    Case("a time as text", {"timestamp": str(NOW)}, PLAIN),
    Case("a time that is no number", {"timestamp": "noon"}, REFUSED),
    Case("a time beyond 64 bits", {"timestamp": 2**63}, {"timestamp": 2**63 - 1}),
    *(Case(f"the kind {kind}", {"kind": kind}) for kind in ("CLIENT", "SERVER", "PRODUCER", "CONSUMER")),
    Case("a kind that is null", {"kind": None}, PLAIN),
    Case("a kind in lower case", {"kind": "client"}, REFUSED),
    Case("a kind that Zipkin lacks", {"kind": "INTERNAL"}, REFUSED),
    Case("a kind that is empty", {"kind": ""}, REFUSED),
    Case("a name in lower case", {"name": "get /orders"}),
    Case("a name in upper case", {"name": "GET /Orders"}, {"name": "get /orders"}),
    Case("a name beyond ASCII", {"name": "주문"}),
    Case("a name that is empty", {"name": ""}, PLAIN),
    Case("a name that is null", {"name": None}, PLAIN),
    Case("a name that is a number", {"name": 5}, {"name": "5"}),
    Case("a service in upper case", local(serviceName="Pay.Me"), local(serviceName="pay.me")),
    Case("a service that is empty", local(serviceName=""), {"localEndpoint": ...}),
    Case("a service that is null", local(serviceName=None), {"localEndpoint": ...}),
    Case("a service that is a number", local(serviceName=5), local(serviceName="5")),
    Case("no endpoint", {"localEndpoint": ...}),
    Case("an endpoint that is null", {"localEndpoint": None}, {"localEndpoint": ...}),
    Case("an endpoint that is empty", {"localEndpoint": {}}, {"localEndpoint": ...}),
    Case("an endpoint that is a text", {"localEndpoint": "shop"}, REFUSED),
    Case("a whole address", local(serviceName="a", ipv4="1.2.3.4", ipv6="2001:db8::c001", port=80)),
    Case("an address without a service", local(ipv4="1.2.3.4")),
    Case("addresses that are none", local(serviceName="a", ipv4="hello", ipv6="zz"), local(serviceName="a")),
    Case("addresses that are empty", local(serviceName="a", ipv4="", ipv6=""), local(serviceName="a")),
    Case("an address that is null", local(serviceName="a", ipv4=None, ipv6=None, port=None), local(serviceName="a")),
    Case(
        "IPv6 named ipv4", local(serviceName="a", ipv4="2001:db8::c001"), local(serviceName="a", ipv6="2001:db8::c001")
    ),
    Case("IPv4 named ipv6", local(serviceName="a", ipv6="1.2.3.4"), local(serviceName="a", ipv4="1.2.3.4")),
    Case("IPv4 mapped to IPv6", local(serviceName="a", ipv6="::ffff:1.2.3.4"), local(serviceName="a", ipv4="1.2.3.4")),
    Case("a long IPv6", local(ipv6="2001:0DB8:0:0:0:0:0:C001"), local(ipv6="2001:db8::c001")),
    Case("port 0", local(serviceName="a", port=0), local(serviceName="a")),
    Case("a negative port", local(serviceName="a", port=-1), local(serviceName="a")),
    Case("a port too large", local(serviceName="a", port=70000), REFUSED),
    Case("a port as text", local(serviceName="a", port="80"), local(serviceName="a", port=80)),
    Case("a port with a fraction", local(serviceName="a", port=80.5), REFUSED),
    Case("an endpoint's unknown field", local(serviceName="a", zone=[1, {"b": 2}]), local(serviceName="a")),
    Case("a remote endpoint", {"remoteEndpoint": {"serviceName": "mysql", "ipv4": "1.2.3.4", "port": 3306}}),
    Case("a remote endpoint that is empty", {"remoteEndpoint": {}}, PLAIN),
    Case("tags", {"tags": {"b": "2", "a": "1"}}),
    Case("an error tag without a text", {"tags": {"error": ""}}),
    Case("an error tag that says false", {"tags": {"error": "false"}}),
    Case("tags that are empty", {"tags": {}}, PLAIN),
    Case("tags that are null", {"tags": None}, PLAIN),
    Case("tags that are a list", {"tags": []}, REFUSED),
    Case("a tag that is a number", {"tags": {"a": 1}}, {"tags": {"a": "1"}}),
    Case("a tag that is a truth value", {"tags": {"a": True}}, REFUSED),
    Case("a tag that is null", {"tags": {"a": None}}, REFUSED),
    Case("a tag that is an object", {"tags": {"a": {"b": "c"}}}, REFUSED),
    Case("a tag with marks and controls", {"tags": {"a": '<b>"\\/\n\t\x01\u2028'}}),
    Case("a tag with half a character", {"tags": {"a": "\ud800"}}, {"tags": {"a": "?"}}),
    Case("an annotation", {"annotations": [NOTED]}),
    Case("an annotation that looks like JSON", {"annotations": [{"timestamp": NOW, "value": '{"b":{"z":1,"a":2}}'}]}),
    Case("an annotation of an event", {"annotations": [{"timestamp": NOW, "value": '{"exception": {"type": "E"}}'}]}),
    Case(
        "annotations out of order",
        {"annotations": [{"timestamp": NOW + 2, "value": "c"}, NOTED, {"timestamp": NOW + 2, "value": "a"}]},
        {"annotations": [NOTED, {"timestamp": NOW + 2, "value": "a"}, {"timestamp": NOW + 2, "value": "c"}]},
    ),
    Case("an annotation twice", {"annotations": [NOTED, NOTED]}, {"annotations": [NOTED]}),
    Case("an annotation at zero", {"annotations": [{"timestamp": 0, "value": "b"}]}),
    Case("an annotation that is empty", {"annotations": [{"timestamp": NOW, "value": ""}]}),
    Case("an annotation with an endpoint", {"annotations": [NOTED | {"endpoint": {}}]}, {"annotations": [NOTED]}),
    Case("an annotation without a time", {"annotations": [{"value": "b"}]}, REFUSED),
    Case("an annotation without a value", {"annotations": [{"timestamp": NOW}]}, REFUSED),
    Case("an annotation that is null", {"annotations": [None]}, REFUSED),
    Case("annotations that are null", {"annotations": None}, PLAIN),
    Case("debug and shared", {"debug": True, "shared": True}),
    Case("neither debug nor shared", {"debug": False, "shared": False}, PLAIN),
    Case("debug and shared that are null", {"debug": None, "shared": None}, PLAIN),
    Case("debug that is a text", {"debug": "true"}, REFUSED),
    Case("unknown fields", {"more": {"a": [1, 2, {"b": None}]}, "and": 1}, PLAIN),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_span(server, case):
    """A span is given back with each field as the real server has it, or is refused in words and not there."""
    trace_id = unique(case.name)
    posted = server.post([span(trace_id, **case.sent)])
    expected = answer(server, case.name, case.sent if case.given is AS_SENT else case.given)
    if expected == REFUSED:
        assert posted.status == 400
        assert posted.text
        assert server.ask(f"/api/v2/trace/{trace_id}").status == 404
    else:
        assert (posted.status, posted.text) == (202, "")
        assert server.trace(trace_id) == [span(trace_id, **expected)]


@dataclass(frozen=True, slots=True)
class Several:
    """Changes to plain spans of one trace, sent one after the other, and those that the real server gives back."""

    name: str
    sent: list[dict[str, Any]]
    given: Any = field(default=AS_SENT)


HALF = {"id": "000000000000000b", "kind": "CLIENT", "parentId": "000000000000000a"}
OTHER = {"id": "000000000000000b", "kind": "SERVER", "localEndpoint": {"serviceName": "other"}}
TOGETHER = [
    Several("three spans in any order", [{"id": "c" * 16, "parentId": "b" * 16}, {"id": "b" * 16}, PLAIN]),
    Several("one span sent twice", [PLAIN, PLAIN], [PLAIN]),
    Several("two halves that share an id", [OTHER | {"shared": True}, HALF]),
    Several("two halves that do not say so", [HALF, OTHER]),
    Several("a span begun, then ended", [{"duration": ...}, {"duration": 7, "tags": {"a": "b"}}]),
    Several("two reports with other tags", [{"tags": {"a": "1"}}, {"tags": {"b": "2"}}]),
    Several("two reports with annotations", [{"annotations": [NOTED]}, {"annotations": [NOTED | {"value": "z"}]}]),
    Several("a report without an endpoint", [{"localEndpoint": ..., "tags": {"a": "1"}}, PLAIN]),
]


@pytest.mark.parametrize("case", TOGETHER, ids=lambda case: case.name)
def test_several_spans(server, case):
    """Late, repeated and shared spans of a trace are all there, however many requests bring them."""
    trace_id = unique(case.name)
    for changes in case.sent:
        server.keep([span(trace_id, **changes)])
    expected = answer(server, case.name, case.sent if case.given is AS_SENT else case.given)
    assert in_order(server.trace(trace_id)) == in_order([span(trace_id, **changes) for changes in expected])


@dataclass(frozen=True, slots=True)
class Spelling:
    """How an id is sent and asked for, and how the real server gives it back; {} stands for 16 digits of its own."""

    name: str
    sent: str
    asked: str
    given: str


SPELLINGS = [
    Spelling("64 bits", "{}", "{}", "{}"),
    Spelling("128 bits", "1234567890abcdef{}", "1234567890abcdef{}", "1234567890abcdef{}"),
    Spelling("96 bits are padded", "12345678{}", "12345678{}", "0000000012345678{}"),
    Spelling("96 bits asked for padded", "12345678{}", "0000000012345678{}", "0000000012345678{}"),
    Spelling("64 bits padded to 128", "0000000000000000{}", "{}", "{}"),
    Spelling("64 bits asked for padded", "{}", "0000000000000000{}", "{}"),
    Spelling("64 bits are not the lower half of 128", "{}", "1234567890abcdef{}", "404"),
    Spelling("128 bits are not found by their lower half", "1234567890abcdef{}", "{}", "404"),
    Spelling("an id sent in upper case", "ABCDEF{}", "abcdef{}", REFUSED),
    Spelling("an id asked for in upper case", "abcdef{}", "ABCDEF{}", "400"),
]


@pytest.mark.parametrize("case", SPELLINGS, ids=lambda case: case.name)
def test_spelling_of_trace_ids(server, case):
    """A trace is found under its id, padded or not; two halves of 128 bits are two ids."""
    low = unique(case.name)
    expected = answer(server, case.name, case.given)
    sent = [span(case.sent.format(low))]
    if expected == REFUSED:
        assert server.post(sent).status == 400
        return
    server.keep(sent)
    found = server.ask(f"/api/v2/trace/{case.asked.format(low)}")
    if expected in ("400", "404"):
        assert found.status == int(expected)
    else:
        [kept] = found.json
        assert kept["traceId"] == expected.format(low)
