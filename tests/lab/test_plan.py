"""What processes a shop consists of, before any of them runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import options, plan, tracing
from lab.options import Options
from lab.plan import Process

STATE = Path("/somewhere/.tracelab")


def processes(inherited: dict[str, str] | None = None, **choices: object) -> dict[str, Process]:
    """Plan a shop with the built-in backend."""
    chosen = Options(state=STATE, **choices)  # type: ignore[arg-type]
    found = plan.shop(chosen, tracing.choose("builtin", chosen.port_offset), inherited or {})
    return {process.name: process for process in found}


def test_ports_are_the_documented_ones() -> None:
    """Without an offset everything is where the documentation says."""
    assert {name: process.ports for name, process in processes().items()} == {
        "gateway": (8080,),
        "order": (8081,),
        "payment": (8082,),
        "inventory": (8083,),
        "issuer": (8084,),
        "backend": (9411, 4318),
    }


def test_an_offset_moves_everything() -> None:
    """Ports and the addresses that services call move together."""
    found = processes(port_offset=1000)
    assert found["order"].environment["PAYMENT_URLS"] == "http://127.0.0.1:9082"
    assert found["payment"].environment["CARD_ISSUER_URLS"] == "http://127.0.0.1:9084"
    assert found["order"].environment["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.0.0.1:5318"
    assert found["gateway"].environment["TRACELAB_TRACE_URL"] == "http://127.0.0.1:10411/trace/{trace_id}"


def test_replicas_are_a_hundred_ports_apart_and_callers_know_all() -> None:
    """Replica N listens on port + 100 * (N - 1), shares its service's name and database, and has an id of its own."""
    found = processes(replicas={"payment": 3})
    assert found["payment-3"].ports == (8282,)
    assert found["payment-3"].environment["OTEL_SERVICE_NAME"] == "payment"
    assert "service.instance.id=payment-3" in found["payment-3"].environment["OTEL_RESOURCE_ATTRIBUTES"]
    assert found["payment-3"].environment["DATABASE_URL"] == found["payment"].environment["DATABASE_URL"]
    assert found["order"].environment["PAYMENT_URLS"].split(",") == [
        "http://127.0.0.1:8082",
        "http://127.0.0.1:8182",
        "http://127.0.0.1:8282",
    ]


def test_a_payment_service_from_elsewhere_replaces_ours_and_its_card_issuer() -> None:
    """`--payment URL` starts neither, and every caller is pointed there."""
    found = processes(payment="http://127.0.0.1:7000")
    assert set(found) == {"gateway", "order", "inventory", "backend"}
    assert found["order"].environment["PAYMENT_URLS"] == "http://127.0.0.1:7000"


def test_callers_stop_before_those_they_call_and_the_backend_last() -> None:
    """The order of stages loses no span and breaks no request."""
    stages = {name: process.stage for name, process in processes().items()}
    assert stages["gateway"] < stages["order"] < stages["payment"] == stages["inventory"] < stages["issuer"]
    assert max(stages, key=lambda name: stages[name]) == "backend"


def test_each_service_has_a_database_of_its_own() -> None:
    """Files on a laptop; on a PostgreSQL server one database a service, through the async driver."""
    assert processes()["order"].environment["DATABASE_URL"] == f"sqlite+aiosqlite:///{STATE}/data/order.db"
    found = processes(database="postgresql://me:secret@db:5433/postgres")
    assert found["order"].environment["DATABASE_URL"] == "postgresql+asyncpg://me:secret@db:5433/tracelab_order"


def test_the_users_own_settings_win() -> None:
    """OTEL_* in the user's environment is kept; what tells services apart is ours, added to the user's attributes."""
    mine = {
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_BSP_SCHEDULE_DELAY": "1000",
        "OTEL_SERVICE_NAME": "mine",
        "OTEL_RESOURCE_ATTRIBUTES": "team=blue",
        "TRACELAB_FAULTS": "off",
    }
    order = processes(mine)["order"].environment
    assert order["OTEL_TRACES_EXPORTER"] == "none"
    assert order["OTEL_BSP_SCHEDULE_DELAY"] == "1000"
    assert order["TRACELAB_FAULTS"] == "off"
    assert order["OTEL_SERVICE_NAME"] == "order"
    assert order["OTEL_RESOURCE_ATTRIBUTES"] == "team=blue,service.instance.id=order-1,service.version=1"


def test_the_card_issuer_is_not_traced() -> None:
    """It stands for somebody else's system."""
    assert processes()["issuer"].environment["OTEL_SDK_DISABLED"] == "true"


@pytest.mark.parametrize("text", ["payment", "payment=", "payment=0", "payment=10", "payment=-1", "gateway=2", "x=1"])
def test_nonsense_replicas_are_refused(text: str) -> None:
    """Only the called services can be several, from one to nine."""
    with pytest.raises(options.WrongUse, match="SERVICE=N"):
        options.replicas([text])
