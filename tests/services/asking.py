"""A plain HTTP client, and a raw socket for what no client would send."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

JSON = "application/json"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `headers` by lower-case name, `body` decoded where it is JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def trace_id(self) -> str:
        """The trace that the response names."""
        return self.headers["traceresponse"].split("-")[1]

    @property
    def kind(self) -> str:
        """A problem's name for programs."""
        return str(self.body["type"]).removeprefix("urn:tracelab:")


def ask(url: str, method: str, body: object = None, *, timeout: float = 30, **headers: str | bytes | None) -> Answer:
    """Send a request: bytes as they are, an iterator of bytes in chunks, anything else as JSON.

    Headers by keyword, underscores for hyphens; None leaves a header out.
    """
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=timeout)
    named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    if body is not None:
        named.setdefault("content-type", JSON)
    raw = body if body is None or isinstance(body, bytes) or hasattr(body, "__next__") else json.dumps(body).encode()
    try:
        connection.request(
            method,
            address.path + (f"?{address.query}" if address.query else ""),
            raw,  # type: ignore[arg-type]
            {name: value for name, value in named.items() if value is not None},
            encode_chunked=hasattr(body, "__next__"),
        )
        return _read(connection.getresponse())
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    content = response.read()
    is_json = "json" in headers.get("content-type", "")
    return Answer(response.status, headers, json.loads(content) if is_json else content)


def raw(url: str, request: bytes, timeout: float = 10) -> Answer:
    """Send bytes as they are and read one answer."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname or "", address.port or 80), timeout=timeout) as connection:
        connection.sendall(request)
        with closing(http.client.HTTPResponse(connection)) as response:
            response.begin()
            return _read(response)


def new_key() -> str:
    """A key that nobody used."""
    return uuid4().hex


def an_order(sku: str = "tea-pot", quantity: int = 1, card: str = "tok_visa") -> dict[str, Any]:
    """An order's body."""
    return {"items": [{"sku": sku, "quantity": quantity}], "card": card}


def at_once(calls: Iterable[Callable[[], Answer]], workers: int = 32) -> list[Answer | None]:
    """Make all calls side by side; None where the connection broke."""

    def one(call: Callable[[], Answer]) -> Answer | None:
        try:
            return call()
        except (OSError, http.client.HTTPException):
            return None

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, calls))


def assert_problem(answer: Answer, status: int, kind: str) -> None:
    """An RFC 9457 problem that names its trace as the header does."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.kind == kind
    assert answer.body["status"] == status
    assert answer.body["title"]
    assert answer.body["detail"].endswith(".")
    assert answer.body["trace_id"] == answer.trace_id


def attest(fact: object) -> None:
    """Assert, as an expression."""
    assert fact


def eventually(check: Callable[[], T], seconds: float, every: float = 0.1) -> T:
    """Repeat a check until it raises no AssertionError; after so many seconds its last one stands."""
    give_up = time.monotonic() + seconds
    while True:
        try:
            return check()
        except (AssertionError, OSError, http.client.HTTPException):
            if time.monotonic() > give_up:
                raise
            time.sleep(every)
