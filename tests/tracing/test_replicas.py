"""Two processes of one service are told apart."""

from __future__ import annotations

import random
from pathlib import Path

from discovery import client
from lab import ports
from lab.options import Options
from lab.plan import PORTS, REPLICA_STEP
from lab.shop import Shop
from lab.tracing import otlp
from tests.real.tracing import Tracing
from tests.services.asking import an_order, ask, eventually


def test_replicas_take_turns_under_their_own_names(jaeger: Tracing, tmp_path: Path) -> None:
    """Of two payment services, started as `tracelab up --replicas payment=2` does, each serves half of the calls.

    Jaeger keeps which: the resource's service.instance.id.
    """
    needed = [*PORTS.values(), PORTS["payment"] + REPLICA_STEP]
    offset = ports.free_offset(needed, random.sample(range(2000, 20000, 10), 1000))
    options = Options(
        state=tmp_path,
        backend=jaeger.query_url,
        replicas={"payment": 2},
        port_offset=offset,
        environment=otlp(jaeger.otlp_endpoint or ""),
    )
    backend = client.probe(jaeger.query_url)
    with Shop(options) as shop:
        answers = [ask(f"{shop.url}/orders", "POST", an_order()) for _ in range(4)]

        def all_there() -> None:
            found: list[str] = []
            for answer in answers:
                trace = client.read(backend, answer.trace_id, expected=20, wait=1)
                spans = [span for span in trace.spans if span.service == "payment" and str(span.kind) == "server"]
                found += [str(span.resource["service.instance.id"]) for span in spans]
            assert sorted(found) == ["payment-1"] * 4 + ["payment-2"] * 4

        eventually(all_there, 10)
