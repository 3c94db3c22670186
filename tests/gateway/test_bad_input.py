"""What should never have been sent: a clear 4xx or a fresh trace, never a 500."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.services.asking import an_order, attest, eventually, new_key, raw
from tests.services.fleet import Fleet

LINE = {"sku": "tea-pot", "quantity": 1}


def items(*lines: Any, card: Any = "tok_visa", **more: Any) -> bytes:
    """An order's body with anything in it."""
    return json.dumps({"items": list(lines), "card": card, **more}).encode()


MALFORMED = {
    "nothing but blanks": b"   ",
    "no JSON": b"hello",
    "cut off": items(LINE)[:-1],
    "two bodies": items(LINE) * 2,
    "a trailing comma": b'{"items": [],}',
    "single quotes": b"{'items': []}",
    "invalid UTF-8": b'{"items": [{"sku": "\xff\xfe", "quantity": 1}], "card": "tok_visa"}',
    "half a UTF-8 character": b'{"card": "\xe2\x82"}',
    "NUL bytes": b"\0" * 10,
    "deep lists": b"[" * 30_000 + b"]" * 30_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "an integer of 60,000 digits": b'{"items": [{"sku": "tea-pot", "quantity": '
    + b"9" * 60_000
    + b'}], "card": "tok_visa"}',
}
INVALID = {
    "a list": b"[]",
    "null": b"null",
    "a number": b"1",
    "a string": b'"order"',
    "NaN": b'{"items": [{"sku": "tea-pot", "quantity": NaN}], "card": "tok_visa"}',
    "infinity": b'{"items": [{"sku": "tea-pot", "quantity": -Infinity}], "card": "tok_visa"}',
    "a bare NaN": b"NaN",
    "nothing in it": b"{}",
    "no items": items(),
    "items null": b'{"items": null, "card": "tok_visa"}',
    "too many items": items(*[{"sku": f"sku-{number}", "quantity": 1} for number in range(51)]),
    "the same sku twice": items(LINE, LINE),
    "quantity 0": items(LINE | {"quantity": 0}),
    "quantity -1": items(LINE | {"quantity": -1}),
    "quantity 1001": items(LINE | {"quantity": 1001}),
    "quantity of 4,000 digits": items(LINE).replace(b": 1", b": " + b"9" * 4_000),
    "quantity 2**63": items(LINE | {"quantity": 2**63}),
    "quantity 1.5": items(LINE | {"quantity": 1.5}),
    "quantity 1e400": items(LINE).replace(b": 1", b": 1e400"),
    "quantity as text": items(LINE | {"quantity": "1"}),
    "quantity true": items(LINE | {"quantity": True}),
    "quantity null": items(LINE | {"quantity": None}),
    "a sku in capitals": items(LINE | {"sku": "TEA-POT"}),
    "a sku in Hangul": items(LINE | {"sku": "찻주전자"}),
    "an emoji": items(LINE | {"sku": "🫖"}),
    "a lone surrogate": b'{"items": [{"sku": "\\ud800", "quantity": 1}], "card": "tok_visa"}',
    "a lone surrogate as a name": b'{"\\udfff": 1}',
    "a lone surrogate in bytes": b'{"\xed\xa0\x80": 1}',
    "NUL in a sku": items(LINE | {"sku": "tea-pot\0"}),
    "a newline after a sku": items(LINE | {"sku": "tea-pot\n"}),
    "an empty sku": items(LINE | {"sku": ""}),
    "a sku of 60,000 letters": items(LINE | {"sku": "a" * 60_000}),
    "SQL": items(LINE | {"sku": "'; DROP TABLE orders; --"}),
    "an unknown member": items(LINE, coupon="free"),
    "an unknown member of an item": items(LINE | {"price": 1}),
    "no card": b'{"items": [{"sku": "tea-pot", "quantity": 1}]}',
    "a card's number": items(LINE, card="4111111111111111"),
    "a card in a list": items(LINE, card=["tok_visa"]),
    "NUL in a card": items(LINE, card="tok_\0"),
    "the same member twice": b'{"card": "tok_visa", "items": [{"sku": "tea-pot", "quantity": 1}], "items": []}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("service", ["gateway", "order"])
def test_what_is_no_json(shop: Fleet, service: str, body: bytes) -> None:
    """400, with a sentence, from the gateway and from the service behind it alike."""
    answer = shop.post(service, "/orders", body)
    assert (answer.status, answer.kind) == (400, "malformed"), answer
    assert answer.body["trace_id"] == answer.trace_id


@pytest.mark.parametrize("body", INVALID.values(), ids=INVALID)
@pytest.mark.parametrize("service", ["gateway", "order"])
def test_what_is_no_order(shop: Fleet, service: str, body: bytes) -> None:
    """422 that says where, and does not echo what was sent."""
    answer = shop.post(service, "/orders", body)
    assert (answer.status, answer.kind) == (422, "invalid"), answer
    assert answer.body["errors"][0]["where"].startswith("body")
    assert "4111111111111111" not in json.dumps(answer.body)
    assert len(json.dumps(answer.body)) < 5_000


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_json_in_other_encodings(shop: Fleet, encoding: str) -> None:
    """A body in another Unicode encoding is read, or refused as malformed; nothing breaks."""
    body = json.dumps(an_order()).encode(encoding)
    assert shop.order(body).status in {201, 400}


BAD_HEADERS = {
    "traceparent": [
        b"",
        b"x",
        b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01",
        b"00-" + b"F" * 32 + b"-" + b"1" * 16 + b"-01",
        b"ff-" + b"1" * 32 + b"-" + b"1" * 16 + b"-01",
        b"00-" + b"g" * 32 + b"-" + b"1" * 16 + b"-01",
        b"00-" + b"1" * 32 + b"-" + b"1" * 16 + b"-01-more",
        b"00-" + b"1" * 9_000,
        b"\xff\xfe\xe9",
    ],
    "tracestate": [b"=", b"a=" + b"b" * 600, b"a=1,a=2", b"\xe9=\xff", b"," * 500, b"a=b=c"],
    "baggage": [
        b"",
        b"=",
        b"fault",
        b"fault=",
        b"fault=%",
        b"fault=%ff%fe",
        b"fault=%00",
        b"%E2%82%AC=1",
        b"%0d%0aevil=1",
        b"a%0d%0ax-evil: 1=2",
        b"a=%0d%0ax-evil:%201",
        b"%00=%00",
        b"%2C%3D%3B=%2C%3D%3B",
        b"a=1;p=\xe9",
        b"\xe9=\xe9",
        b"a=\xf0\x9f\xab\x96",
        b"," * 5_000,
        b"a=" + b"b" * 9_000,
        b",".join(b"k%d=v" % number for number in range(300)),
        b"fault=" + b"~" * 4_000,
        b"fault=gateway.latency:" + b"9" * 400 + b"ms",
    ],
    "b3": [
        b"",
        b"0",
        b"1",
        b"d",
        b"x-y-z",
        b"-",
        b"---",
        b"0" * 32 + b"-" + b"0" * 16 + b"-1",
        b"\xff-\xff-1",
        b"a" * 9_000,
    ],
    "x-b3-traceid": [b"", b"x", b"0", b"\xff" * 32, b"1" * 33],
    "x-amzn-trace-id": [
        b"",
        b"Root",
        b"Root=",
        b"Root=1;Parent=;Sampled=",
        b"Root=1-x-y;Parent=z;Sampled=?",
        b"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=9",
        b";;==;=",
        b"\xff=\xff",
    ],
    "x-budget-ms": [b"", b"-1", b"1.5", b"1e3", b"NaN", b" ", b"9" * 5_000, b"\xb2", b"\xff", b"0x10", b"1_000", b"+5"],
    "accept": [b"", b"text/html", b"\xff"],
    "cookie": [b"\xff=\xff", b"a" * 9_000],
    "expect": [b"nothing"],
}
BAD = [
    pytest.param(name, value, id=f"{name}-{number}")
    for name, values in BAD_HEADERS.items()
    for number, value in enumerate(values)
]


@pytest.fixture(scope="session")
def all_propagators(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A shop that reads the headers of every tracing system."""
    folder = tmp_path_factory.mktemp("propagators")
    propagators = "tracecontext,baggage,b3,b3multi,xray"
    with Fleet(folder, lambda name: f"sqlite+aiosqlite:///{folder / name}.db", OTEL_PROPAGATORS=propagators) as running:
        yield running
        running.assert_quiet()


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_broken_header(all_propagators: Fleet, name: str, value: bytes) -> None:
    """The request succeeds, in a fresh trace where its own cannot be read."""
    answer = all_propagators.order(**{name.replace("-", "_"): value})
    assert answer.status == 201, answer
    assert int(answer.trace_id, 16)
    assert answer.trace_id not in value.decode("latin-1")


def test_a_good_trace_is_joined(all_propagators: Fleet) -> None:
    """The trace that a request brings is the one that the response names, in whichever header."""
    trace_id, span_id = new_key(), new_key()[:16]
    for headers in (
        {"traceparent": f"00-{trace_id}-{span_id}-01"},
        {"b3": f"{trace_id}-{span_id}-1"},
        {"x_b3_traceid": trace_id, "x_b3_spanid": span_id, "x_b3_sampled": "1"},
        {"x_amzn_trace_id": f"Root=1-{trace_id[:8]}-{trace_id[8:]};Parent={span_id};Sampled=1"},
    ):
        assert all_propagators.get("/products", **headers).trace_id == trace_id


HTTP = {
    "no HTTP": b"hello\r\n\r\n",
    "no host": b"GET /products HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /products HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    "a broken header": b"GET /products HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
    "NUL in a header": b"GET /products HTTP/1.1\r\nHost: localhost\r\na: \0\r\n\r\n",
    "a huge header": b"GET /products HTTP/1.1\r\nHost: localhost\r\na: " + b"b" * 300_000 + b"\r\n\r\n",
    "a length that is none": b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
    "a negative length": b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "a length of 5,000 digits": b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
    + b"9" * 5_000
    + b"\r\n\r\n",
    "a length of 20 digits": b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 20 + b"\r\n\r\n",
    "two lengths": b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "a broken chunk": b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "an unknown encoding": b"POST /orders HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
    "bytes in the path": b"GET /orders/\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an absolute address": b"GET http://evil.example/orders/x HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "no host in HTTP/1.0": b"GET /products HTTP/1.0\r\n\r\n",
    "an unknown method": b"BREW /products HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.parametrize("request_", HTTP.values(), ids=HTTP)
def test_broken_http(shop: Fleet, request_: bytes) -> None:
    """A 4xx to what is hardly HTTP, and the gateway goes on serving."""
    with suppress(ConnectionResetError):  # it may hang up before the sender has ended
        assert 400 <= raw(shop.url("gateway"), request_).status < 500
    assert shop.get("/products").status == 200


def test_a_customer_who_leaves(shop: Fleet) -> None:
    """A connection closed in the middle of a body harms nobody; an order that was sent whole is carried out."""
    address, key, whole = urlsplit(shop.url("gateway")), new_key(), items(LINE)
    for body, length in ((b'{"items"', 100), (whole, len(whole))):
        with socket.create_connection((address.hostname or "", address.port or 80)) as connection:
            head = f"Content-Type: application/json\r\nContent-Length: {length}\r\nIdempotency-Key: {key}\r\n\r\n"
            connection.sendall(b"POST /orders HTTP/1.1\r\nHost: localhost\r\n" + head.encode() + body)
    eventually(lambda: attest(shop.get(f"/orders/{shop.orders_id(key)}").body["status"] == "confirmed"), 10)
