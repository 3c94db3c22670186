"""However a body comes over the socket: an answer or a closed connection, no traceback, and others are served."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.backend.running import ask, builtin

SPANS = b'[{"traceId":"7","id":"1","timestamp":5}]'
POST = b"POST /api/v2/spans HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SIZED = POST + b"Content-Length: %d\r\n\r\n"


@pytest.fixture
def here():
    """A backend of its own: what it has taken is counted."""
    with builtin() as found:
        yield found


def connected(here):
    """Open a socket to it."""
    address = urlsplit(here.query_url)
    return socket.create_connection((address.hostname, address.port), timeout=10)


def answered(here, pieces, *, cut):
    """Send bytes, and the end where they are cut, and return the status; 0 where there is no answer."""
    with connected(here) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
            if cut:
                line.shutdown(socket.SHUT_WR)
            said = line.recv(65536)
        except ConnectionError:
            said = b""
    return int(said.split(b" ")[1]) if said else 0


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([SIZED % len(SPANS), *(SPANS[at : at + 1] for at in range(len(SPANS)))], 202),
        ([CHUNKED, *(b"1\r\n%c\r\n" % letter for letter in SPANS), b"0\r\n\r\n"], 202),
        ([SIZED % 100, SPANS], 0),
        ([CHUNKED, b"ff\r\n", SPANS], 0),
        ([CHUNKED, b"zz\r\n", SPANS], 400),
        ([SIZED % 5, SPANS], 400),
        ([SIZED % -5, SPANS], 400),
        ([POST + b"Content-Length: 40\r\nContent-Length: 41\r\n\r\n", SPANS], 400),
        ([POST + b"Content-Length: many\r\n\r\n", SPANS], 400),
        ([POST + b"Content-Length: %d\r\nContent-Encoding: \xff\r\n\r\n" % len(SPANS), SPANS], 415),
        ([b"GET /\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"], 400),
        ([b"GET /trace/%ff%00%ed%a0%80?a=%ff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"], 404),
        ([b"GET / HTTP/1.1\r\nHost: \xff:\xb2\r\n\r\n"], 403),
        ([b"\x16\x03\x01\x00\xa5\x01\x00\x01"], 400),
    ],
    ids=[
        *("byte by byte", "chunk by chunk", "too short", "a chunk too short", "no chunk", "too long", "negative"),
        *("two lengths", "no length", "no encoding", "no path", "no UTF-8", "no host", "TLS"),
    ],
)
def test_bytes_on_the_line(here, pieces, status, capfd):
    """Slow, cut, of another length than said, or no HTTP: what is whole is kept, nothing else, and nothing breaks."""
    assert answered(here, pieces, cut=not status) == status
    assert ask(f"{here.query_url}/health").json["received"] == (status == 202)
    assert "Traceback" not in capfd.readouterr().err


def test_others_are_served_while_bodies_dawdle(here):
    """A hundred senders that never finish keep nobody from sending and asking."""
    lines = [connected(here) for _ in range(100)]
    for line in lines:
        line.sendall(SIZED % 1_000_000 + b"[")
    assert ask(here.zipkin_endpoint, body=SPANS, content_type="application/json").status == 202
    assert ask(f"{here.query_url}/api/v2/trace/7").status == 200
    for line in lines:
        line.close()


def test_bodies_that_hold_too_much_together(here, monkeypatch):
    """Above what may be held of bodies at once they are asked to come again, which is counted; room is given back."""
    monkeypatch.setattr("backend.body.MOST_AT_ONCE", 2_000_000)
    with connected(here) as dawdling:
        dawdling.sendall(SIZED % 3_000_000 + b" " * 1_500_000)
        while "tracelab_body_bytes 1500000\n" not in ask(f"{here.query_url}/metrics").text:
            time.sleep(0.005)  # else it may be the first that is asked to come again, and nothing is held from then on
        padded = SPANS + b" " * 1_000_000
        answer = ask(here.zipkin_endpoint, body=padded, content_type="application/json")
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert ask(f"{here.query_url}/health").json["turned_away"] == 1
    while ask(here.zipkin_endpoint, body=padded, content_type="application/json").status != 202:
        pass


def test_a_large_body_keeps_nobody_waiting(here, monkeypatch):
    """Large bodies are read aside: a small one that comes later is answered first."""
    import threading

    from backend import zipkin_form

    began, go_on, take = threading.Event(), threading.Event(), zipkin_form.take

    def held(content):
        if len(content) > 1_000_000:
            began.set()
            go_on.wait(20)
        return take(content)

    monkeypatch.setattr("backend.zipkin_form.take", held)
    with connected(here) as large:
        large.sendall(SIZED % (len(SPANS) + 2_000_000) + SPANS + b" " * 2_000_000)
        assert began.wait(20)
        assert ask(here.zipkin_endpoint, body=SPANS, content_type="application/json").status == 202
        go_on.set()
        assert large.recv(100).startswith(b"HTTP/1.1 202")
