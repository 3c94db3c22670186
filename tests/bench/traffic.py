"""What the benchmarks send and ask: plain sockets and threads, so that the sender is never the bottleneck."""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from urllib.parse import urlsplit

from load.result import percentile
from tests.bench.batches import MEDIA, SIZE

_BUSY = (429, 503)


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending: spans acknowledged, in how many seconds, and how often the server said it was busy.

    `sender_us` is this process' own processor time; `late` is by how many seconds the latest batch missed its time.
    """

    spans: int
    seconds: float
    refused: int
    sender_us: float
    late: float

    @property
    def rate(self) -> float:
        """Spans acknowledged a second."""
        return self.spans / self.seconds


def send(url: str, form: str, bodies: Iterable[bytes], *, connections: int, rate: float = inf) -> Sent:
    """Post bodies over connections that are kept, at `rate` spans a second or as fast as they are taken."""
    numbered, lock = enumerate(bodies), threading.Lock()
    began, cpu = time.perf_counter(), time.process_time()

    def loop() -> tuple[int, int, float]:
        connection = connect(url)
        batches, refused, late = 0, 0, 0.0
        while True:
            with lock:
                number, body = next(numbered, (0, b""))
            if not body:
                connection.close()
                return batches, refused, late
            due = began + number * SIZE / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            refused += _post(connection, url, form, body)
            batches += 1
            late = max(late, time.perf_counter() - due)

    with ThreadPoolExecutor(connections) as pool:
        done = [each.result() for each in [pool.submit(loop) for _ in range(connections)]]
    batches, refused, late = zip(*done, strict=True)
    seconds, used = time.perf_counter() - began, (time.process_time() - cpu) * 1e6
    return Sent(sum(batches) * SIZE, seconds, sum(refused), used, max(late))


def connect(url: str) -> http.client.HTTPConnection:
    """Open a connection that is kept."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.connect()
    return connection


def ask(connection: http.client.HTTPConnection, path: str, *answers: int) -> float:
    """Ask for a page or a query's answer; milliseconds until its last byte. SystemExit for another status."""
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    read = answer.read()
    if answer.status not in (answers or (200,)):
        raise SystemExit(f"GET {path} was answered with {answer.status}: {read[:200]!r}")
    return (time.perf_counter() - began) * 1000


def spread(values: list[float], digits: int = 0) -> str:
    """Spell `median [least to most]`."""
    return f"{statistics.median(values):,.{digits}f} [{min(values):,.{digits}f} to {max(values):,.{digits}f}]"


def percentiles(values: list[float]) -> str:
    """Spell milliseconds as `p50 .., p95 .., p99 .., most ..`."""
    figures = {"p50": percentile(values, 50), "p95": percentile(values, 95), "p99": percentile(values, 99)}
    figures["most"] = max(values)
    return "  ".join(f"{name} {value:7.1f}" for name, value in figures.items()) + f" ms  of {len(values)}"


def _post(connection: http.client.HTTPConnection, url: str, form: str, body: bytes) -> int:
    """Post until it is taken; how often it was not."""
    refused = 0
    while True:
        connection.request("POST", urlsplit(url).path, body, {"Content-Type": MEDIA[form]})
        answer = connection.getresponse()
        read = answer.read()
        if answer.status not in _BUSY:
            break
        refused += 1
        time.sleep(float(answer.headers.get("Retry-After", "1")))
    if answer.status not in (200, 202) or b"refused" in read:
        raise SystemExit(f"POST {url} was answered with {answer.status}: {read[:200]!r}")
    return refused
