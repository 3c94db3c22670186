"""`opentelemetry-instrument uvicorn services.order.app:app`: the standard zero-code way gives the same traces."""

from __future__ import annotations

import pytest

from discovery import client
from tests.tracing import table
from tests.tracing.conftest import Starting
from tests.tracing.traced import SERVICES, Way
from tests.tracing.zero_code import ZeroCode


@pytest.mark.parametrize("way", ["jaeger-otlp", "zipkin"], indirect=True)
def test_the_same_table_and_nothing_lost(own: Starting, way: Way) -> None:
    """A checkout is the declared trace, without `http send` and the like; SIGTERM at once after it loses no span."""
    with own(way=way, fleet=ZeroCode, OTEL_BSP_SCHEDULE_DELAY="60000") as here:
        answers = [here.shop.order() for _ in range(5)]
        assert {answer.status for answer in answers} == {201}
        here.end()
        number = table.expected("sqlite").total()
        for answer in answers:
            trace = client.read(way.backend, answer.trace_id, expected=number)
            assert not (told := table.difference(trace, "sqlite")), told


def test_faults_and_quiet(own: Starting) -> None:
    """Faults by baggage and the silence of health and books are the same this way."""
    with own(fleet=ZeroCode) as here:
        for name in SERVICES:
            assert "traceresponse" not in here.shop.get("/books" if name != "gateway" else "/", name).headers
        assert {here.spans(name)["ended"] for name in SERVICES} == {0}
        trace = here.trace(here.shop.order(baggage="fault=inventory.error:503"))
        assert [span.service for span in trace.spans if span.error][-1] == "inventory"
