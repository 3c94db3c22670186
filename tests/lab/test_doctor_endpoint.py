"""Where the services send their spans, by the OTEL_* variables, and what a real server there makes of it."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lab.doctor import endpoint
from lab.doctor.endpoint import Endpoint


class Server(BaseHTTPRequestHandler):
    """Answers as its server says: a status and a content type; keeps what it was asked."""

    def do_POST(self) -> None:
        """Take a body and answer."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.asked.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        status, media = self.server.answer  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(
    status: int = 200,
    media: str = "application/x-protobuf",
    wrap: Callable[[socket.socket], socket.socket] | None = None,
) -> Iterator[ThreadingHTTPServer]:
    """A server that always answers the same; `asked` has path, headers and body of each request."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.asked, server.answer = [], (status, media)  # type: ignore[attr-defined]
    if wrap:
        server.socket = wrap(server.socket)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def at(server: ThreadingHTTPServer, path: str = "/v1/traces", scheme: str = "http") -> Endpoint:
    """That server as the place where spans go."""
    return Endpoint("otlp", f"{scheme}://127.0.0.1:{server.server_port}{path}")


@pytest.mark.parametrize(
    ("environment", "exporter", "url"),
    [
        ({}, "otlp", "http://localhost:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:1/"}, "otlp", "http://a:1/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a:1"}, "otlp", "http://a:1"),
        ({"OTEL_TRACES_EXPORTER": "zipkin_json"}, "zipkin_json", "http://localhost:9411/api/v2/spans"),
        (
            {"OTEL_TRACES_EXPORTER": "console, zipkin_json", "OTEL_EXPORTER_ZIPKIN_ENDPOINT": "http://z/s"},
            "zipkin_json",
            "http://z/s",
        ),
    ],
)
def test_the_place_is_read_as_the_exporters_read_it(environment: dict[str, str], exporter: str, url: str) -> None:
    """A base gets its path, a whole address stays, and without either it is the standard's own."""
    found = endpoint.of(environment)
    assert found is not None
    assert (found.exporter, found.url) == (exporter, url)
    assert endpoint.of(found.settings) == found


def test_no_exporter_has_no_place() -> None:
    """`none` sends nowhere."""
    assert endpoint.of({"OTEL_TRACES_EXPORTER": "none"}) is None


def test_headers_travel_along() -> None:
    """What a backend wants to know of its senders is sent as the exporters would send it."""
    with serving() as server:
        url = f"http://127.0.0.1:{server.server_port}"
        sent = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20x, a=b=c"}
        found = endpoint.of(sent)
        assert found is not None
        assert endpoint.refusal(found) is None
        [(path, headers, _)] = server.asked  # type: ignore[attr-defined]
    assert path == "/v1/traces"
    assert (headers["Authorization"], headers["A"]) == ("Bearer x", "b=c")
    assert headers["Content-Type"] == "application/x-protobuf"


@pytest.mark.parametrize(
    ("status", "path", "said"),
    [
        (404, "/wrong", "answers 404: the path is wrong, /wrong instead of /v1/traces."),
        (401, "/v1/traces", "answers 401: it wants to know who sends"),
        (307, "/v1/traces", "answers 307: it takes no spans there"),
        (415, "/v1/traces", "answers 415: it wants another protocol"),
        (503, "/v1/traces", "answers 503: see its log"),
    ],
)
def test_a_refusal_is_put_in_words(status: int, path: str, said: str) -> None:
    """The status, and what it means for spans; a server that refuses is not dead."""
    with serving(status) as server:
        refusal = endpoint.refusal(at(server, path))
    assert refusal is not None
    assert said in refusal.text
    assert not refusal.dead


def test_a_page_for_people_takes_no_spans() -> None:
    """A server that answers everything with its page, and with 200, is told from one that takes spans."""
    with serving(media="text/html; charset=utf-8") as server:
        refusal = endpoint.refusal(at(server))
    assert refusal is not None
    assert "a page for people" in refusal.text


def test_tls_to_who_speaks_none() -> None:
    """An address with https:// where plain HTTP is spoken."""
    with serving() as server:
        refusal = endpoint.refusal(at(server, scheme="https"))
    assert refusal is not None
    assert "does not speak TLS" in refusal.text


def test_a_certificate_of_nobody_known(tmp_path: Path) -> None:
    """TLS with a certificate of one's own: the variable that makes it trusted is named."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "1"]
    try:
        subprocess.run([*made, "-keyout", key, "-out", certificate], capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip("no openssl to make a certificate with")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(wrap=lambda plain: context.wrap_socket(plain, server_side=True)) as server:
        refusal = endpoint.refusal(at(server, scheme="https"))
    assert refusal is not None
    assert "OTEL_EXPORTER_OTLP_CERTIFICATE" in refusal.text


@pytest.mark.parametrize(("port_says", "said"), [(b"\x00\x00\x12\x04\x00", "does not speak HTTP/1.1"), (b"", "breaks")])
def test_something_that_is_no_http(port_says: bytes, said: str) -> None:
    """A server of another protocol, as gRPC's, answers something else or hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def once() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(port_says)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass  # what is left unread would reset the connection

        thread = threading.Thread(target=once)
        thread.start()
        refusal = endpoint.refusal(Endpoint("otlp", f"http://127.0.0.1:{listener.getsockname()[1]}/v1/traces"))
        thread.join()
    assert refusal is not None
    assert said in refusal.text


@pytest.mark.parametrize("url", ["otel-collector:4318", "http://", "file:///etc/hosts", "http://a:b/", "http://[::1"])
def test_what_is_no_address(url: str) -> None:
    """An address without http://, and worse, is said to be none."""
    refusal = endpoint.refusal(Endpoint("otlp", url))
    assert refusal is not None
    assert "is no address of a server" in refusal.text


def test_a_host_that_nobody_knows() -> None:
    """A name that no resolver has, as that of a container outside of its network."""
    refusal = endpoint.refusal(Endpoint("otlp", "http://jaeger.invalid:4318/v1/traces"))
    assert refusal is not None
    assert refusal.dead


def test_a_proxy_in_between_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a proxy stands before a host of elsewhere, it is what refuses; this machine is reached past it."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving(502) as proxy, serving() as here:
        address = f"http://127.0.0.1:{proxy.server_port}"
        monkeypatch.setenv("http_proxy", address)
        refusal = endpoint.refusal(Endpoint("otlp", "http://collector.example:4318/v1/traces"))
        assert refusal is not None
        assert f"answers 502: see its log, through the proxy {address} (NO_PROXY=collector.example passes it by)." in (
            refusal.text
        )
        assert endpoint.refusal(at(here)) is None
