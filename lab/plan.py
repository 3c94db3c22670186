"""Which processes make up a shop, in the order in which they stop: callers first, the tracing backend last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from lab import jobs, overlay, state
from lab.options import SERVICES, Options, WrongUse
from lab.tracing import Tracing

PORTS = {"gateway": 8080, "order": 8081, "payment": 8082, "inventory": 8083, "issuer": 8084}
REPLICA_STEP = 100
WIRE_STEP = 50  # from a service's port to the port of the wire before it, where there is one
_CATALOGUE = state.ROOT / "load" / "catalogue.toml"
_STAGES = {"gateway": 0, "order": 1, "payment": 2, "inventory": 2, "issuer": 3, "backend": 4}


@dataclass(frozen=True, slots=True)
class Process:
    """One process: what it runs, where it answers, and when it stops."""

    name: str  # payment, payment-2
    stage: int  # those of a lower stage stop first
    job: Callable[..., None]
    arguments: tuple[Any, ...]
    ports: tuple[int, ...]
    ready: str  # answers 200 as soon as the process serves; of a tcp: address the open port is enough
    environment: Mapping[str, str]


def shop(options: Options, tracing: Tracing, inherited: Mapping[str, str]) -> tuple[Process, ...]:
    """Every process of a shop, the tracing backend included where it is ours to start."""
    own = [
        (name, number)
        for name in SERVICES
        if name != "payment" or not options.payment
        for number in range(1, options.count(name) + 1)
    ]
    own += [(name, 1) for name in _of_the_learner(options)]
    processes = [_service(options, tracing, inherited, name, number) for name, number in own]
    processes += [_wire(options, inherited, name, number) for name, number in own if _wire_delay(options, name)]
    if not options.payment:
        processes.append(_issuer(options, inherited))
    if tracing.job:
        environment = {**inherited, **tracing.environment, **options.environment}
        processes.append(
            Process(
                "backend",
                _STAGES["backend"],
                tracing.job,
                tracing.arguments,
                tracing.ports,
                tracing.ready,
                environment,
            )
        )
    return tuple(sorted(processes, key=lambda process: process.stage))


def port(name: str, offset: int, number: int = 1) -> int:
    """Where replica `number` of a service listens."""
    return PORTS[name] + offset + REPLICA_STEP * (number - 1)


def url(name: str, offset: int, number: int = 1) -> str:
    """Base address of a replica."""
    return f"http://127.0.0.1:{port(name, offset, number)}"


def database(options: Options, name: str) -> str:
    """A service's own database: a file, or one of its own on the server."""
    if options.database is None:
        return f"sqlite+aiosqlite:///{(state.data(options.state) / f'{name}.db').as_posix()}"
    server = urlsplit(options.database)
    return urlunsplit(server._replace(scheme="postgresql+asyncpg", path=f"/tracelab_{name}"))


def addresses(options: Options) -> dict[str, str]:
    """Where the services find one another."""
    found = {f"{name.upper()}_URLS": ",".join(_turns(options, name)) for name in SERVICES[1:]}
    found |= {
        f"{name.upper()}_URLS": f"http://127.0.0.1:{_port(options, name, 1)}" for name in _of_the_learner(options)
    }
    if options.payment:
        found["PAYMENT_URLS"] = options.payment
    return found | {"CARD_ISSUER_URLS": url("issuer", options.port_offset)}


def _service(options: Options, tracing: Tracing, inherited: Mapping[str, str], name: str, number: int) -> Process:
    listening = _port(options, name, number)
    fault = options.fault(name, number)
    resource = f"service.instance.id={name}-{number},service.version={fault.version if fault else 1}"
    if more := inherited.get("OTEL_RESOURCE_ATTRIBUTES"):
        resource = f"{more},{resource}"
    environment = {
        **tracing.exporting,
        "OTEL_BSP_SCHEDULE_DELAY": "500",
        "TRACELAB_FAULTS": "on",
        "TRACELAB_CATALOGUE": str(_CATALOGUE),
        **inherited,
        **addresses(options),
        "DATABASE_URL": database(options, name),
        "OTEL_SERVICE_NAME": name,
        "OTEL_RESOURCE_ATTRIBUTES": resource,
        "TRACELAB_TRACE_URL": tracing.page,
        **overlay.of_service(options.overlay, name),
        **options.environment,
        **(fault.environment if fault else {}),
    }
    if fault and environment["TRACELAB_FAULTS"] != "on":
        raise WrongUse(
            f"--with {fault} does nothing while TRACELAB_FAULTS is {environment['TRACELAB_FAULTS']!r}: unset it."
        )
    return Process(
        name if number == 1 else f"{name}-{number}",
        _STAGES.get(name, _STAGES["payment"]),
        jobs.serve,
        (f"services.{name}.app:app" if name != "gateway" else "gateway.app:app", listening),
        (listening,),
        # A learner's service serves once its port is open; asking it anything would be a trace of its own.
        f"http://127.0.0.1:{listening}/readyz" if name in SERVICES else f"tcp://127.0.0.1:{listening}",
        environment,
    )


def _of_the_learner(options: Options) -> tuple[str, ...]:
    return overlay.new_services(options.overlay) if options.overlay else ()


def _port(options: Options, name: str, number: int) -> int:
    """Where a replica listens; services that the shop does not have follow after its own."""
    if name in PORTS:
        return port(name, options.port_offset, number)
    return max(PORTS.values()) + 1 + options.port_offset + _of_the_learner(options).index(name)


def _wire(options: Options, inherited: Mapping[str, str], name: str, number: int) -> Process:
    """The long wire to a replica: callers find it there, and whether it is ready is asked there."""
    listening = port(name, options.port_offset, number) + WIRE_STEP
    return Process(
        f"{name}-wire" if number == 1 else f"{name}-{number}-wire",
        _STAGES[name],
        jobs.wire,
        (listening, listening - WIRE_STEP, _wire_delay(options, name)),
        (listening,),
        f"http://127.0.0.1:{listening}/readyz",
        {**inherited, **options.environment},
    )


def _wire_delay(options: Options, name: str) -> float:
    """Seconds; none without a wire."""
    fault = options.faults.get(name)
    return fault.wire_delay if fault else 0.0


def _issuer(options: Options, inherited: Mapping[str, str]) -> Process:
    listening = port("issuer", options.port_offset)
    return Process(
        "issuer",
        _STAGES["issuer"],
        jobs.serve,
        ("services.payment.issuer:app", listening),
        (listening,),
        f"http://127.0.0.1:{listening}/readyz",
        {
            "TRACELAB_FAULTS": "on",
            **inherited,
            **options.environment,
            "OTEL_SERVICE_NAME": "issuer",
            "OTEL_SDK_DISABLED": "true",
        },
    )


def _turns(options: Options, name: str) -> list[str]:
    """The replicas of a service as callers take turns at them.

    One that differs gets fewer turns, as a canary does. With every second turn it would be in nearly every order: a
    checkout, or its compensation, asks payment and inventory twice.
    """
    offset = options.port_offset + (WIRE_STEP if _wire_delay(options, name) else 0)
    *others, last = [url(name, offset, number) for number in range(1, options.count(name) + 1)]
    fault = options.faults.get(name)
    return others * (3 if fault and fault.of_the_last else 1) + [last]
