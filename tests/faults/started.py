"""A shop that is started with a fault or without any, what was bought there, and its traces in every backend."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from discovery import client
from discovery.errors import NotFound
from discovery.trace import Trace
from lab import jobs, ports, start_faults, state
from lab.options import SERVICES, Options
from lab.plan import PORTS, REPLICA_STEP, WIRE_STEP
from lab.shop import Shop
from tests.faults.backends import Backends
from tests.services.asking import Answer, an_order, ask, eventually

_REQUESTS = 24
_PORTS = [port + more for port in PORTS.values() for more in (0, WIRE_STEP, REPLICA_STEP)]


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of a run: answers, spans lost by service, log lines by process, and what was sent."""

    answers: Sequence[Answer]
    lost: Mapping[str, int]
    logs: Mapping[str, str]
    sent: bytes
    began: float

    def read(self, backend: client.Backend) -> Seen:
        """Read its traces, and those that its services began besides; where spans were lost, a whole trace may be."""
        own = {answer.trace_id for answer in self.answers}
        traces = [trace for trace_id in sorted(own) if (trace := _trace(backend, trace_id))]
        assert len(traces) == len(own) or any(self.lost.values())
        others = {
            trace.trace_id: trace
            for service in SERVICES[1:]
            for trace in client.latest(backend, service, limit=500, lookback=time.time() - self.began + 1)
            if trace.trace_id not in own and bytes.fromhex(trace.trace_id) in self.sent  # no other visit's
        }
        return Seen(traces, list(others.values()))


@dataclass(frozen=True, slots=True)
class Seen:
    """A visit's traces in one backend; `others` belong to no answer."""

    traces: Sequence[Trace]
    others: Sequence[Trace]


def visit(
    folder: Path, backends: Backends, *faults: str, replicas: Mapping[str, int] | None = None, every: float = 0.05
) -> Visit:
    """Start a shop as `tracelab up --with` does, ask `every` so many seconds whatever becomes of it, and stop it."""
    options = Options(
        state=folder,
        backend=backends.found["built-in"].url,
        replicas=replicas or {},
        port_offset=ports.free_offset(_PORTS, random.sample(range(1000, 20000, 10), 500)),
        environment={"OTEL_BSP_SCHEDULE_DELAY": "100", **backends.settings},
        faults=start_faults.read(faults),
    )
    already, began = len(backends.sent), time.time()
    with Shop(options) as shop:
        answers = _requests(shop.url, every)
        lost = eventually(lambda: _lost(shop), 20)
    logs = {path.stem: path.read_text("utf-8") for path in state.logs(folder).glob("*.jsonl")}
    return Visit(answers, lost, logs, b"".join(backends.sent[already:]), began)


def _requests(url: str, every: float) -> list[Answer]:
    bought = f"{url}/orders/none"
    flying = []
    with ThreadPoolExecutor(_REQUESTS) as pool:
        for number in range(_REQUESTS):
            if number % 3 < 2:
                flying.append(pool.submit(ask, f"{url}/orders", "POST", an_order(), idempotency_key=f"visit-{number}"))
            else:
                done = (each.result() for each in flying if each.done())
                bought = next((url + answer.headers["location"] for answer in done if answer.status == 201), bought)
                flying.append(pool.submit(ask, bought, "GET"))
            time.sleep(every)
        return [each.result() for each in flying]


def _trace(backend: client.Backend, trace_id: str) -> Trace | None:
    try:
        return client.read(backend, trace_id, expected=1, wait=0)
    except NotFound:
        return None


def _lost(shop: Shop) -> dict[str, int]:
    """How many spans each process lost, once none is on its way."""
    lost = {}
    for process in shop.processes:
        if process.job is jobs.serve and process.name != "issuer":
            spans = ask(f"http://127.0.0.1:{process.ports[0]}/healthz", "GET").body["spans"]
            assert spans["ended"] == spans["delivered"] + spans["lost"], f"{process.name}: {spans}"
            lost[process.name] = spans["lost"]
    return lost
