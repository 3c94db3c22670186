"""Waits inside a process show where they happened, and only then."""

from __future__ import annotations

import pytest

from discovery.trace import Kind, Trace
from tests.services.asking import at_once
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
