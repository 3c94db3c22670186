"""A shop that is started with a fault shows it in its traces, in every backend, and a shop without shows none."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from discovery import client
from discovery.trace import Kind, Span
from lab.options import SERVICES
from load import catalogue
from load.generator import drive
from load.result import Outcome
from load.scenario import Phase, Scenario
from load.schedule import plan
from tests.faults.backends import Backends
from tests.faults.conftest import Everywhere
from tests.faults.seen import above, below, calls, deepest_red, gap, servers
from tests.faults.started import Seen, Visit, visit
from tests.services.asking import eventually
from tests.services.fleet import Fleet
from tests.tracing.traced import Way, traced
from tests.tracing.zero_code import ZeroCode

Shows = Callable[[Seen], bool]
Visits = Callable[..., Visit]

CALLER = {"order": "gateway", "payment": "order", "inventory": "order"}  # of a checkout; gateway reads everywhere
HEALTHY = ""


def slow(service: str, least: float) -> Shows:
    """Slow replica: whoever starts late is the second instance, and it always does."""

    def shows(seen: Seen) -> bool:
        spans = [(trace, span) for trace in seen.traces for span in servers(trace, service)]
        late = {span.tag("service.instance.id") for trace, span in spans if gap(trace, span) >= least}
        early = {span.tag("service.instance.id") for trace, span in spans if gap(trace, span) < least}
        return (early, late) == ({f"{service}-1"}, {f"{service}-2"})

    return shows


def canary(service: str) -> Shows:
    """Bad canary: where red begins is always version 2 of the service, and that is never green."""

    def shows(seen: Seen) -> bool:
        first = [span for trace in seen.traces for span in deepest_red(trace)]
        spans = [span for trace in seen.traces for span in servers(trace, service)]
        by_version = {(str(span.tag("service.version")), span.error) for span in spans}
        return by_version == {("1", False), ("2", True)} and all(span in spans for span in first)

    return shows


def far(service: str, delay: float) -> Shows:
    """Network delay: each call to the service spends the delay outside it, on both sides; no other service's all do."""

    def is_far(span: Span, call: Span) -> bool:
        there, back = (span.start - call.start) / 1e6, (call.end - span.end) / 1e6
        return there >= delay * 0.45 and back >= delay * 0.4  # a server span may end a little after its answer went

    def shows(seen: Seen) -> bool:
        found = {
            called: [is_far(span, call) for span, call in hops(seen) if span.service == called] for called in CALLER
        }
        return {called for called, each in found.items() if all(each)} == {service}

    return shows


def skewed(service: str, seconds: float) -> Shows:
    """Clock skew: the service's spans are off against its callers', and those that it calls against its own."""

    def off(span: Span, call: Span) -> float:
        ours = (span.service == service) - (call.service == service)
        return abs((span.start - call.start) / 1e6 - ours * seconds)

    return lambda seen: all(off(*hop) < abs(seconds) / 2 for hop in hops(seen))


def incomplete(service: str) -> Shows:
    """Lost spans: parents are missing, all of them spans of the service."""

    def is_its(orphan: Span) -> bool:
        if orphan.kind is not Kind.SERVER:
            return orphan.service == service
        return service in {"gateway", CALLER.get(orphan.service)} and orphan.service != service

    def shows(seen: Seen) -> bool:
        orphans = [span for trace in seen.traces for span in trace.roots if span.parent_id is not None]
        return bool(orphans) and all(map(is_its, orphans))

    return shows


def hole(service: str) -> Shows:
    """Missing instrumentation: calls to the service have nothing below them, and what it calls begins afresh."""
    called = {each for each, caller in CALLER.items() if caller == service}

    def shows(seen: Seen) -> bool:
        bought = [trace for trace in seen.traces if trace.root.name.casefold() == "post /orders"]
        heard = [trace for trace in (*seen.traces, *seen.others) if service in trace.services]
        begun = {trace.root.service for trace in seen.others if trace.root.parent_id is None}
        empty = [any(not below(trace, call) for call in calls(trace, CALLER[service])) for trace in bought]
        return all(empty) and not heard and begun == called

    return shows


def hops(seen: Seen) -> Iterator[tuple[Span, Span]]:
    """Each server span with the client span above it."""
    for trace in seen.traces:
        for span in trace.spans:
            if span.kind is Kind.SERVER and (call := above(trace, span)):
                yield span, call


FAULTS = {
    "inventory.slow-replica:600ms": slow("inventory", 0.6),
    "payment.slow-replica:600ms": slow("payment", 0.6),
    "order.slow-replica:600ms": slow("order", 0.6),
    "inventory.bad-canary": canary("inventory"),
    "payment.bad-canary:503": canary("payment"),
    "order.bad-canary": canary("order"),
    "payment.network-delay": far("payment", 0.1),
    "inventory.network-delay:150ms": far("inventory", 0.15),
    "order.network-delay": far("order", 0.1),
    "inventory.clock-skew": skewed("inventory", -5),
    "payment.clock-skew:2s": skewed("payment", 2),
    "order.clock-skew:-30m": skewed("order", -1800),
    "gateway.clock-skew:1s": skewed("gateway", 1),
    "gateway.lost-spans": incomplete("gateway"),
    "order.lost-spans": incomplete("order"),
    "payment.lost-spans": incomplete("payment"),
    "inventory.lost-spans": incomplete("inventory"),
    "order.missing-instrumentation": hole("order"),
    "payment.missing-instrumentation": hole("payment"),
    "inventory.missing-instrumentation": hole("inventory"),
}
EVERY = pytest.mark.parametrize("fault", FAULTS)


@pytest.fixture(scope="module")
def visited(backends: Backends, tmp_path_factory: pytest.TempPathFactory) -> Visits:
    """The visit to the shop with one fault, or with none; made when first asked for."""
    made: dict[str, Visit] = {}

    def once(fault: str) -> Visit:
        if fault not in made:
            replicas = dict.fromkeys(CALLER, 2) if fault == HEALTHY else {}
            every = 0.001 if "lost-spans" in fault else 0.05  # under load, or few are parents
            faults = filter(None, [fault])
            made[fault] = visit(tmp_path_factory.mktemp("shop"), backends, *faults, replicas=replicas, every=every)
        return made[fault]

    return once


@EVERY
def test_it_shows(visited: Visits, backend: client.Backend, fault: str) -> None:
    """The traces of a shop that was started with the fault show it."""
    made = visited(fault)

    def shown() -> None:
        assert FAULTS[fault](made.read(backend))

    eventually(shown, 5)


def test_a_healthy_shop_shows_none(visited: Visits, backend: client.Backend) -> None:
    """Two processes of each service, one version, no fault: nothing of any fault is in the traces."""
    made = visited(HEALTHY)
    assert {answer.status for answer in made.answers} <= {200, 201, 404}

    def whole() -> Seen:
        seen = made.read(backend)
        assert not [trace for trace in seen.traces if trace.missing]
        return seen

    seen = eventually(whole, 5)
    assert [fault for fault, shows in FAULTS.items() if shows(seen)] == []
    instances = {str(span.tag("service.instance.id")) for trace in seen.traces for span in trace.spans}
    assert instances == {"gateway-1", *(f"{name}-{number}" for name in CALLER for number in (1, 2))}
    assert {str(span.tag("service.version")) for trace in seen.traces for span in trace.spans} == {"1"}


@EVERY
def test_nothing_tells_of_it(visited: Visits, fault: str) -> None:
    """No span and no log line has a fault's name in it, or one of the settings that make it."""
    made = visited(fault)
    names = [name for name, known in catalogue.catalogue().items() if known.scope == "start"]
    telling = re.compile("|".join([*names, "TRACELAB_", "standing"]), re.IGNORECASE)
    assert made.sent
    assert not telling.search(made.sent.decode("latin-1"))
    assert not telling.search("\n".join(made.logs.values()))


@pytest.mark.parametrize("service", SERVICES)
def test_lost_spans_are_counted_and_said_once(visited: Visits, backends: Backends, service: str) -> None:
    """The process knows how many spans it lost; its log says so once for each backend that it sends to."""
    made = visited(f"{service}.lost-spans")
    assert {name for name, lost in made.lost.items() if lost} == {service}
    lines = {name: text.count("Spans are being lost") for name, text in made.logs.items()}
    assert 1 <= lines.pop(service) <= len(backends.settings["OTEL_TRACES_EXPORTER"].split(","))
    assert not any(lines.values())


@pytest.mark.parametrize(("fleet", "faults", "wrong"), [(ZeroCode, "on", True), (Fleet, "off", False)])
def test_a_wrong_clock_the_zero_code_way(
    backends: Backends, tmp_path: Path, fleet: type[Fleet], faults: str, wrong: bool
) -> None:
    """`opentelemetry-instrument uvicorn ...` obeys the same variable; nobody does unless TRACELAB_FAULTS is on."""
    way = Way("built-in", backends.settings, backends.found["built-in"])
    each = {"inventory": {"TRACELAB_CLOCK_SKEW_MS": "-5000"}}

    def database(name: str) -> str:
        return f"sqlite+aiosqlite:///{(tmp_path / f'{name}.db').as_posix()}"

    with traced(tmp_path, way, database, each, fleet, TRACELAB_FAULTS=faults) as here:
        trace = here.trace(here.shop.order())
    assert skewed("inventory", -5)(Seen([trace], [])) is wrong


@pytest.mark.parametrize(("fault", "hidden"), [("payment.sampling-hides-error", True), ("payment.error:503", False)])
def test_errors_that_few_traces_tell_of(
    everywhere: Everywhere, monkeypatch: pytest.MonkeyPatch, fault: str, hidden: bool
) -> None:
    """The load counts errors; of ten failed requests hardly one has a trace. Without it, each has, in every backend."""
    for name, value in everywhere.here.way.settings.items():
        monkeypatch.setenv(name, value)
    everywhere.here.shop.calm()
    phase = Phase(name="only", duration="4s", rate=30, fault=fault, percent=30)
    result = asyncio.run(
        drive(plan(Scenario(phase=(phase,), mix={"POST /orders": 1}), 4), everywhere.here.shop.url("gateway"))
    )
    everywhere.here.drain()
    failed = [request for request in result.requests if request.outcome is Outcome.ERROR]
    told = {request.trace_id for request in failed if request.trace_id}
    assert len(failed) > 15
    assert (len(told) < len(failed) / 4) if hidden else (len(told) == len(failed))
    began, took = result.stretches[0].start.timestamp(), phase.milliseconds / 1000 + 1
    for backend in everywhere.backends.values():

        def red(backend: client.Backend = backend) -> None:
            traces = client.latest(backend, "gateway", limit=500, lookback=took, until=began + took)
            assert {trace.trace_id for trace in traces if trace.errors} == told

        eventually(red, 5)
