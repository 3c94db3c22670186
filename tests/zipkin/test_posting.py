"""What may be posted to /api/v2/spans, and how it is answered."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from tests.zipkin.differences import answer
from tests.zipkin.server import span, unique

JSON = {"content_type": "application/json"}
GOOD = [span(unique("posting"))]
BODY = json.dumps(GOOD).encode()
BAD = span(unique("bad"), id="xyz")


@dataclass(frozen=True, slots=True)
class Case:
    """A request's body and headers, and the status with which the real server answers."""

    name: str
    body: bytes
    status: int
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)


CASES = [
    Case("a list", BODY, 202),
    Case("an empty list", b"[]", 202),
    Case("an empty body", b"", 202),
    Case("a content-type with a character set", BODY, 202, {"content_type": "application/json; charset=utf-8"}),
    Case("a content-type in upper case", BODY, 202, {"content_type": "Application/JSON"}),
    Case("the content-type text/plain", BODY, 202, {"content_type": "text/plain"}),
    Case("the content-type of curl -d", BODY, 202, {"content_type": "application/x-www-form-urlencoded"}),
    Case("Zipkin's protobuf", b"", 202, {"content_type": "application/x-protobuf"}),
    Case("gzip", gzip.compress(BODY), 202, JSON | {"content_encoding": "gzip"}),
    Case(
        "gzip in two members",
        gzip.compress(BODY[:9]) + gzip.compress(BODY[9:]),
        202,
        JSON | {"content_encoding": "gzip"},
    ),
    Case("gzip that is none", BODY, 500, JSON | {"content_encoding": "gzip"}),
    Case("gzip cut short", gzip.compress(BODY)[:-8], 202, JSON | {"content_encoding": "gzip"}),
    Case("the content-encoding identity", BODY, 202, JSON | {"content_encoding": "identity"}),
    Case("an unknown content-encoding", BODY, 202, JSON | {"content_encoding": "br"}),
    Case("an object", b"{}", 400),
    Case("null", b"null", 400),
    Case("a number", b"5", 400),
    Case("no JSON", b"hello", 400),
    Case("JSON cut short", BODY[:-5], 400),
    Case("bytes that are no UTF-8", b'[{"traceId": "\xff"}]', 400),
    Case("a list of null", b"[null]", 400),
    Case("a list of numbers", b"[1]", 400),
    Case("a list of lists", b"[[]]", 400),
    Case("something after the list", BODY + b" and more", 202),
    Case("blanks before the list", b"  " + BODY, 400),
    Case("a byte order mark", b"\xef\xbb\xbf" + BODY, 400),
    Case("a span of Zipkin's v1", b'[{"traceId":"1","id":"1","name":"x","binaryAnnotations":[]}]', 400),
    Case("one bad span", json.dumps([BAD]).encode(), 400),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_body(server, case):
    """A body is taken without a word, or refused with one."""
    found = server.ask("/api/v2/spans", body=case.body, **case.headers)
    assert found.status == answer(server, case.name, case.status)
    assert bool(found.body) == (found.status >= 400)


def test_one_bad_span_of_two(server):
    """Beside a bad span a good one is refused by Zipkin, and kept here, where the answer says what was not."""
    trace_id = unique(f"half bad {server.is_ours}")
    posted = server.post([span(trace_id), BAD])
    found = server.ask(f"/api/v2/trace/{trace_id}")
    assert (posted.status, found.status) == answer(server, "one bad span of two", (400, 404))
    if server.is_ours:
        assert posted.json["refused"] == 1
        assert posted.json["reason"].startswith("[1].id")
