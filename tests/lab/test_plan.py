"""What processes a shop consists of, before any of them runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lab import options, plan, start_faults, tracing
from lab.options import Options
from lab.plan import Process
from load.errors import WrongUse

STATE = Path("/somewhere/.tracelab")


def processes(inherited: dict[str, str] | None = None, **choices: object) -> dict[str, Process]:
    """Plan a shop with the built-in backend."""
    chosen = Options(state=STATE, **choices)  # type: ignore[arg-type]
    found = plan.shop(chosen, tracing.choose("builtin", chosen.port_offset, chosen.state), inherited or {})
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


def started_with(*faults: str, **choices: object) -> dict[str, Process]:
    """Plan a shop that starts with faults."""
    return processes(faults=start_faults.read(faults), **choices)


def changed(*faults: str, **choices: object) -> dict[str, dict[str, str]]:
    """What processes are told otherwise than in a healthy shop with the same replicas."""
    found, healthy = started_with(*faults, **choices), processes(**choices)
    return {
        name: more
        for name, process in found.items()
        if (more := dict(process.environment.items() - healthy[name].environment.items()))
    }


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("payment.clock-skew", {"payment": {"TRACELAB_CLOCK_SKEW_MS": "-5000"}}),
        ("gateway.clock-skew:1.5s", {"gateway": {"TRACELAB_CLOCK_SKEW_MS": "1500"}}),
        (
            "order.lost-spans:4",
            {"order": {"OTEL_BSP_MAX_QUEUE_SIZE": "4", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4"}},
        ),
        ("inventory.missing-instrumentation", {"inventory": {"OTEL_SDK_DISABLED": "true"}}),
    ],
)
def test_a_fault_is_told_to_its_service_alone(fault: str, told: dict[str, dict[str, str]]) -> None:
    """Environment variables of that service's processes, and nothing else."""
    assert changed(fault) == told


@pytest.mark.parametrize("asked", [1, 2, 3])
def test_the_last_replica_is_the_slow_one(asked: int) -> None:
    """Two are made unless more are asked for; only the last is told, and gets one turn where the others get three."""
    last = f"payment-{max(asked, 2)}"
    found = started_with("payment.slow-replica", replicas={"payment": asked})
    assert [name for name, process in found.items() if "TRACELAB_STANDING_FAULTS" in process.environment] == [last]
    assert found[last].environment["TRACELAB_STANDING_FAULTS"] == "payment.latency:400ms"
    turns = Counter(found["order"].environment["PAYMENT_URLS"].split(","))
    assert list(turns.values()) == [3] * (max(asked, 2) - 1) + [1]


def test_the_canary_is_another_version() -> None:
    """All processes are version 1 but the last of the service, which fails."""
    found = started_with("inventory.bad-canary:502")
    versions = {
        name: process.environment["OTEL_RESOURCE_ATTRIBUTES"].rpartition("service.version=")[2]
        for name, process in found.items()
        if name not in {"issuer", "backend"}
    }
    assert versions == {"gateway": "1", "order": "1", "payment": "1", "inventory": "1", "inventory-2": "2"}
    assert found["inventory-2"].environment["TRACELAB_STANDING_FAULTS"] == "inventory.error:502"


def test_a_long_wire_stands_before_each_replica() -> None:
    """It listens 50 ports further, callers and the question for readiness go there, the service stays where it is."""
    found = started_with("payment.network-delay:250ms", replicas={"payment": 2}, port_offset=1000)
    assert found["payment-wire"].ports == (9132,)
    assert found["payment-2-wire"].arguments == (9232, 9182, 0.25)
    assert found["payment-2-wire"].ready == "http://127.0.0.1:9232/readyz"
    assert found["order"].environment["PAYMENT_URLS"] == "http://127.0.0.1:9132,http://127.0.0.1:9232"
    assert found["payment"].ports == (9082,)
    assert found["payment-wire"].stage == found["payment"].stage > found["order"].stage


def test_several_services_each_with_a_fault() -> None:
    """Given one by one or joined by `~`."""
    one_by_one = started_with("payment.slow-replica", "order.clock-skew:5s")
    assert one_by_one == started_with("payment.slow-replica~order.clock-skew:5s")
    assert one_by_one["order"].environment["TRACELAB_CLOCK_SKEW_MS"] == "5000"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("payment", "is not SERVICE.FAULT"),
        ("payment.slow", "names no known fault"),
        ("shipping.clock-skew", "clock-skew works in gateway, order, payment, inventory"),
        ("gateway.slow-replica", "slow-replica works in order, payment, inventory"),
        ("payment.clock-skew:2h", "not a duration"),
        ("payment.clock-skew:-61m", "not within -60m..60m"),
        ("payment.bad-canary:404", "not within 500..599"),
        ("payment.missing-instrumentation:1", "takes no parameter"),
        ("payment.latency:300ms", "tracelab load SCENARIO --fault payment.latency:300ms"),
        ("payment.sampling-hides-error", "tracelab load SCENARIO --fault"),
        ("payment.slow-replica~payment.clock-skew", "a service starts with one fault"),
        ("", "is not SERVICE.FAULT"),
    ],
)
def test_a_fault_that_cannot_be_started_with(fault: str, said: str) -> None:
    """One sentence says what is wrong with it."""
    with pytest.raises(WrongUse, match="--with: .*" + said):
        start_faults.read([fault])


def test_a_fault_of_a_service_that_is_not_ours() -> None:
    """What `--payment URL` names is started by somebody else."""
    with pytest.raises(
        options.WrongUse, match=r"--with payment\.clock-skew:-5000ms cannot be beside --payment http://x"
    ):
        Options(state=STATE, payment="http://x", faults=start_faults.read(["payment.clock-skew"]))


def test_a_fault_where_faults_are_off() -> None:
    """Processes would not obey, so it is refused."""
    with pytest.raises(options.WrongUse, match="does nothing while TRACELAB_FAULTS is 'off'"):
        processes({"TRACELAB_FAULTS": "off"}, faults=start_faults.read(["payment.clock-skew"]))
