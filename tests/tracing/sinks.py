"""Real sockets that take spans badly: closed, frozen, slow."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.real.process import free_ports


@contextmanager
def closed() -> Iterator[str]:
    """An address where nobody listens."""
    [port] = free_ports(1)
    yield f"http://127.0.0.1:{port}"


@contextmanager
def frozen() -> Iterator[str]:
    """A server that accepts every connection and never reads nor answers."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:

        def accept() -> None:
            while True:
                try:
                    held.append(listener.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    for each in held:
        each.close()


@contextmanager
def answering(seconds: float, answer: bytes, taken: Callable[[bytes], None] = lambda _: None) -> Iterator[str]:
    """A server that gives every POST the same answer so much later; `taken` hears of each body just before."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            time.sleep(seconds)
            taken(body)
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Server(ThreadingHTTPServer):
    """One that many may connect to at once."""

    request_queue_size = 128


def slow(seconds: float, received: Counter[str]) -> AbstractContextManager[str]:
    """A backend that takes OTLP and Zipkin JSON and answers so much later; counts the spans taken, by service."""
    return answering(seconds, b"", lambda body: received.update(_services(body)))


def _services(body: bytes) -> Iterator[str]:
    """The service of each span in a request."""
    if body.startswith(b"["):
        yield from (span["localEndpoint"]["serviceName"] for span in json.loads(body))
        return
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        [name] = [a.value.string_value for a in resource.resource.attributes if a.key == "service.name"]
        for scope in resource.scope_spans:
            yield from [name] * len(scope.spans)
