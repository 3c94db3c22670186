"""Waits inside a process show where they happened, and only then."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from discovery.trace import Kind, Trace
from tests.services.asking import at_once, attest, eventually
from tests.tracing import sinks
from tests.tracing.conftest import Starting
from tests.tracing.traced import Traced


def pool_waits(trace: Trace) -> list[tuple[str, float]]:
    """Service and milliseconds of every `pool.wait` span."""
    return [(span.service, span.duration / 1000) for span in trace.spans if span.name == "pool.wait"]


def noted(trace: Trace, wait: str) -> float:
    """The longest wait of a kind on any server span, in ms."""
    return max(float(s.attributes[f"tracelab.wait.{wait}"]) for s in trace.spans if s.kind is Kind.SERVER)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_an_empty_pool(own: Starting, kind: str) -> None:
    """With one connection and eight orders at once the wait is a span, below the server span that notes as much."""
    with own(kind=kind, TRACELAB_POOL_SIZE="1") as here:
        answers = at_once([here.shop.order] * 16, workers=8)
        traces = [here.trace(answer) for answer in answers if answer]
        assert len(traces) == 16
        waiting = [trace for trace in traces if pool_waits(trace)]
        assert waiting
        for trace in waiting:
            assert noted(trace, "pool") >= 1
            for span in trace.spans:
                if span.name == "pool.wait":
                    parent = trace.index[span.parent_id or ""]
                    assert parent.kind is Kind.SERVER
                    assert float(parent.attributes["tracelab.wait.pool"]) >= span.duration / 1000 - 0.1


@pytest.mark.parametrize("way", ["built-in"], indirect=True)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_pool_with_connections_left(checkouts: Traced) -> None:
    """One order at a time never waits for a connection: no `pool.wait`, and nothing noted."""
    for _ in range(5):
        trace = checkouts.trace(checkouts.shop.order())
        assert pool_waits(trace) == []
        assert noted(trace, "pool") == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGSTOP on Windows")
def test_a_process_that_stands_still(own: Starting) -> None:
    """While payment stands still for 400 ms, a request that it is serving notes that its loop was late by as much."""
    with own() as here, ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(here.shop.order, baggage="fault=payment.latency:600ms")
        eventually(lambda: attest("pending" in here.shop.books()["order"]), 5, 0.02)
        process = here.shop.running["payment"].pid
        time.sleep(0.1)
        os.kill(process, signal.SIGSTOP)
        time.sleep(0.4)
        os.kill(process, signal.SIGCONT)
        trace = here.trace(under_way.result())
        [standing] = [span for span in trace.spans if span.name == "POST /payments"]
        assert float(standing.attributes["tracelab.wait.loop"]) >= 300


def test_too_few_threads(own: Starting) -> None:
    """Sixty authorisations at once share forty threads: while the issuer takes its time, those that wait note it."""
    with (
        sinks.answering(0.3, b'{"approved": true}') as issuer,
        own(each={"payment": {"CARD_ISSUER_URLS": issuer}}) as here,
    ):
        body = {"amount": 1, "currency": "USD", "card": "tok_visa"}
        answers = at_once([partial(here.shop.post, "payment", "/payments", body)] * 60, workers=60)
        assert {answer and answer.status for answer in answers} == {200}
        waits = [noted(here.trace(answer), "thread") for answer in answers if answer]
        assert max(waits) >= 200
        assert min(waits) < 200
        alone = here.shop.post("payment", "/payments", body)
        assert noted(here.trace(alone), "thread") < 200
