"""Who continues whose trace: W3C by default, B3 and X-Ray where OTEL_PROPAGATORS says so; a broken header, nobody's."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator

import pytest

from discovery.trace import Trace
from tests.tracing import table
from tests.tracing.conftest import Starting
from tests.tracing.traced import SERVICES, Traced

PARENT = "00f067aa0ba902b7"

# Each makes the headers of a sampled client span PARENT in a trace
FORMATS: dict[str, Callable[[str], dict[str, str]]] = {
    "tracecontext": lambda trace_id: {"traceparent": f"00-{trace_id}-{PARENT}-01"},
    "b3": lambda trace_id: {"b3": f"{trace_id}-{PARENT}-1"},
    "b3multi": lambda trace_id: {"x_b3_traceid": trace_id, "x_b3_spanid": PARENT, "x_b3_sampled": "1"},
    "xray": lambda trace_id: {"x_amzn_trace_id": f"Root=1-{trace_id[:8]}-{trace_id[8:]};Parent={PARENT};Sampled=1"},
}
BROKEN = {
    "tracecontext": [
        {"traceparent": text}
        for text in (
            "",
            "garbage",
            "00-" + "0" * 32 + f"-{PARENT}-01",
            "00-" + "1" * 32 + "-" + "0" * 16 + "-01",
            "00-" + "1" * 31 + f"-{PARENT}-01",
            "00-" + "g" * 32 + f"-{PARENT}-01",
            "ff-" + "1" * 32 + f"-{PARENT}-01",
            "00-" + "1" * 32 + f"-{PARENT}-01-more",
            "00-" + "1" * 32 + f"-{PARENT}-zz",
            "\xff\xfe",
            "0" * 9_000,
        )
    ],
    "b3": [
        {"b3": text} for text in ("", "garbage", "----", "1-1-1-1-1", "g" * 32 + f"-{PARENT}-1", "\xff", "-1-" * 99)
    ],
    "b3multi": [
        {"x_b3_traceid": "g" * 32, "x_b3_spanid": PARENT, "x_b3_sampled": "1"},
        {"x_b3_traceid": "1" * 33, "x_b3_spanid": PARENT, "x_b3_sampled": "1"},
        {"x_b3_traceid": "1" * 32, "x_b3_spanid": "\xff", "x_b3_sampled": "1"},
        {"x_b3_spanid": PARENT, "x_b3_sampled": "1"},
    ],
    "xray": [
        {"x_amzn_trace_id": text}
        for text in (
            "",
            "garbage",
            "Root=;Parent=;Sampled=",
            f"Root=1-00000000-{'0' * 24};Parent={PARENT};Sampled=1",
            f"Root=1-zzzzzzzz-{'z' * 24};Parent={PARENT};Sampled=1",
            f"Root=1--1111111-{'1' * 24};Parent={PARENT};Sampled=1",
            f"Root=1-11111111-{'1' * 24};Parent={'z' * 16};Sampled=1",
            f"Root=1-11111111-{'1' * 24};Parent={PARENT};Sampled=9",
            "\xff=\xff;=;",
        )
    ],
}


def new_id() -> str:
    """A trace id of this moment: X-Ray's begin with the time."""
    return f"{int(time.time()):08x}{secrets.token_hex(12)}"


@pytest.fixture(scope="module", params=FORMATS)
def propagators(request: pytest.FixtureRequest) -> str:
    """Each format in turn."""
    return str(request.param)


@pytest.fixture
def here(propagators: str, own: Starting) -> Iterator[Traced]:
    """A shop that speaks one format, and baggage."""
    with own(OTEL_PROPAGATORS=f"{propagators},baggage") as running:
        yield running


def assert_fresh(trace: Trace) -> None:
    """It is a checkout whose root has no parent."""
    assert not (told := table.difference(trace, "sqlite")), told
    assert trace.root.parent_id is None


def test_formats(here: Traced, propagators: str) -> None:
    """The caller's trace is continued below its span by all services, faults and all; a broken header starts afresh.

    Baggage travels beside whichever format, and a header that makes no sense neither fails the request nor joins it.
    """
    trace_id = new_id()
    answer = here.shop.order(**FORMATS[propagators](trace_id), baggage="fault=inventory.latency:200ms")
    assert answer.status == 201
    assert answer.trace_id == trace_id
    trace = here.trace(trace_id, PARENT)
    assert not (told := table.difference(trace, "sqlite")), told
    assert trace.root.parent_id == PARENT
    [reserve] = [span for span in trace.spans if span.name.casefold() == "post /reservations"]
    assert reserve.duration >= 200_000

    for headers in BROKEN[propagators]:
        answer = here.shop.order(**{name: text.encode("latin-1") for name, text in headers.items()})
        assert answer.status == 201, headers
        assert_fresh(here.trace(answer))


@pytest.mark.parametrize(
    "baggage", ["", "=", ";;;,,,", "fault", "fault=" + "x" * 9_000, "\xff\xfe", "a=%zz", "%" * 300]
)
@pytest.mark.parametrize("way", ["built-in"], indirect=True)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_broken_baggage(checkouts: Traced, baggage: str) -> None:
    """Baggage that makes no sense is ignored: the order is made, and its trace is the declared one."""
    answer = checkouts.shop.order(baggage=baggage.encode("latin-1"))
    assert answer.status == 201
    assert_fresh(checkouts.trace(answer))


def test_other_formats_are_not_joined(own: Starting) -> None:
    """Without OTEL_PROPAGATORS a B3 header starts no trace of its sender's."""
    with own() as here:
        trace_id = new_id()
        answer = here.shop.order(**FORMATS["b3"](trace_id))
        assert answer.trace_id != trace_id
        assert_fresh(here.trace(answer))


def test_propagators_without_baggage(own: Starting) -> None:
    """Where OTEL_PROPAGATORS leaves baggage out, each service says so once, and a fault asked for does not happen."""
    with own(OTEL_PROPAGATORS="b3") as here:
        answer = here.shop.order(baggage="fault=inventory.error:503")
        assert answer.status == 201
        for name in SERVICES:
            assert sum("lists no baggage" in line["message"] for line in here.shop.log(name)) == 1


def test_empty_settings_are_none(own: Starting) -> None:
    """An OTEL_* variable that is set to nothing, as compose files do, counts as not set."""
    empty = dict.fromkeys(("OTEL_PROPAGATORS", "OTEL_TRACES_EXPORTER", "OTEL_BSP_SCHEDULE_DELAY"), "")
    with own(**empty) as here:
        trace_id = new_id()
        assert here.shop.order(**FORMATS["tracecontext"](trace_id)).status == 201
        assert not (told := table.difference(here.trace(trace_id, PARENT), "sqlite")), told
