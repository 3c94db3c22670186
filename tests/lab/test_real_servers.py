"""The launcher with real servers of others."""

from __future__ import annotations

from pathlib import Path

from discovery import client
from lab import orders
from lab.options import Options
from lab.shop import Shop
from tests.lab.conftest import free_offset
from tests.real.postgres import Postgres
from tests.real.tracing import Tracing


def test_postgresql_holds_one_database_a_service(tmp_path: Path, postgres: Postgres) -> None:
    """With a server's URL each service gets a database of its own there, made once and kept."""
    for start in ("first", "second"):
        options = Options(state=tmp_path / start, port_offset=free_offset(), database=postgres.url)
        with Shop(options) as shop:
            assert orders.buy(shop.url, orders.a_product(shop.url)).status == 201
        # What is there holds traces: no service has a file of its own.
        assert {file.name.partition(".")[0] for file in (tmp_path / start / "data").iterdir()} == {"traces"}


def test_traces_go_to_the_jaeger_that_was_named(tmp_path: Path, jaeger: Tracing) -> None:
    """`--backend URL` finds out that it is Jaeger; the standard variables say where it takes spans."""
    sending = {"OTEL_EXPORTER_OTLP_ENDPOINT": jaeger.otlp_endpoint or ""}
    options = Options(state=tmp_path, port_offset=free_offset(), backend=jaeger.query_url, environment=sending)
    with Shop(options) as shop:
        answer = orders.buy(shop.url, orders.a_product(shop.url))
        trace = client.read(client.probe(jaeger.query_url), answer.trace_id)
        assert shop.environment.items() >= sending.items()
    assert shop.tracing.make == "jaeger"
    assert "backend" not in shop.pids
    assert set(trace.services) == {"gateway", "order", "payment", "inventory"}


def test_traces_go_to_the_zipkin_that_was_named(tmp_path: Path, zipkin: Tracing) -> None:
    """`--backend URL` finds out that it is Zipkin, and sends it Zipkin's own JSON."""
    options = Options(state=tmp_path, port_offset=free_offset(), backend=zipkin.query_url)
    with Shop(options) as shop:
        answer = orders.buy(shop.url, orders.a_product(shop.url))
        trace = client.read(client.probe(zipkin.query_url), answer.trace_id)
    assert shop.tracing.make == "zipkin"
    assert set(trace.services) == {"gateway", "order", "payment", "inventory"}
