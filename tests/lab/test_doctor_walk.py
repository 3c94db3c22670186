"""`tracelab doctor` beside real shops, healthy and broken in one place each: it says where the path stops."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab import ports, start_faults, state
from lab.options import Options
from lab.shop import Shop
from tests.lab.conftest import Command, free_offset
from tests.lab.test_doctor import doctor, document
from tests.real.tracing import Tracing

Start = Callable[..., Command]
Found = tuple[dict[str, dict[str, Any]], str | None]


@contextmanager
def started(folder: Path, *faults: str, offset: int | None = None, **environment: str) -> Iterator[Shop]:
    """A shop with the built-in backend, and settings or start faults of its own."""
    offset = free_offset() if offset is None else offset
    with Shop(Options(folder, port_offset=offset, environment=environment, faults=start_faults.read(faults))) as shop:
        yield shop


def walked(shop: Shop, *arguments: str, **environment: str) -> Found:
    """What the doctor finds of a shop that is up."""
    return document(doctor(shop.options.state, "--json", *arguments, **environment))


def documented(text: str) -> bool:
    """Whether docs/troubleshooting.md quotes it so, over however many lines."""
    page = (state.ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    return text in " ".join(page.split())


def test_a_healthy_shop(shop: Shop) -> None:
    """The path is whole: one order's trace is read back with the spans of all four services, replicas asked too."""
    found, stops_at = walked(shop)
    assert stops_at is None
    assert all(check["fine"] for name, check in found.items() if name in ("gateway", "order", "exporter", "backend"))
    assert found["trace"]["fine"]
    assert "gateway, inventory, order and payment" in found["trace"]["text"]
    assert "payment-2" in found["services"]["text"]
    assert found["clocks"]["fine"]


def test_people_are_told_that_it_is_whole(shop: Shop) -> None:
    """The last line says so, and every line fits a terminal of 80 columns."""
    done = doctor(shop.options.state, COLUMNS="80")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("The path is whole")
    assert [line for line in done.stdout.splitlines() if len(line) > 80 and "mend: " not in line] == []


def test_a_shop_that_is_named_needs_no_announcement(shop: Shop, tmp_path: Path) -> None:
    """With --target and the environment, as in a container, the walk is the same as beside the shop."""
    sending = {name: value for name, value in shop.environment.items() if name.startswith("OTEL_")}
    done = doctor(tmp_path, "--json", "--target", shop.url, "--backend", shop.tracing.query, **sending)
    found, stops_at = document(done)
    assert stops_at is None
    assert found["trace"]["fine"]


def test_a_proxy_does_not_come_between(shop: Shop) -> None:
    """A dead proxy in the environment takes none of the walk's questions to this machine."""
    _, stops_at = walked(shop, http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9")
    assert stops_at is None


def test_a_gateway_that_is_not_there(tmp_path: Path) -> None:
    """Nothing listens at the target: the path stops at the service, and the mend starts a shop on those ports."""
    offset = free_offset()
    found, stops_at = document(doctor(tmp_path, "--json", "--target", f"http://127.0.0.1:{8080 + offset}"))
    assert stops_at == "service"
    assert "refuses the connection" in found["gateway"]["text"]
    assert found["gateway"]["mend"].split()[1:2] == ["up"]
    assert found["gateway"]["mend"].endswith(f"--port-offset {offset}")


def test_services_without_spans_or_with_a_wrong_clock(tmp_path: Path) -> None:
    """A service that is not instrumented is missing from the trace, and named; another's clock is a note."""
    with started(tmp_path, "inventory.missing-instrumentation", "payment.clock-skew:-5s") as shop:
        found, stops_at = walked(shop)
    assert stops_at == "service"
    assert found["services"]["text"].startswith("inventory makes no spans")
    assert documented(found["services"]["text"])
    assert "inventory is missing" in found["trace"]["text"]
    assert "OTEL_SDK_DISABLED" in found["services"]["mend"]
    assert "clock of payment" in found["clocks"]["text"]
    assert not found["clocks"]["needed"]


def test_a_gateway_without_spans(tmp_path: Path) -> None:
    """With OTEL_SDK_DISABLED answers name no trace: the path stops before it begins, and the mend switches it on."""
    with started(tmp_path, OTEL_SDK_DISABLED="true") as shop:
        found, stops_at = walked(shop)
    assert stops_at == "service"
    assert "traceresponse" in found["order"]["text"]
    assert "OTEL_SDK_DISABLED=false" in found["order"]["mend"]


@pytest.mark.parametrize(("sampler", "argument"), [("always_off", "1"), ("parentbased_traceidratio", "0")])
def test_a_sampler_that_takes_nothing(tmp_path: Path, sampler: str, argument: str) -> None:
    """Orders are answered and none is sampled: it says by which sampler, and how to have all of them."""
    with started(tmp_path, OTEL_TRACES_SAMPLER=sampler, OTEL_TRACES_SAMPLER_ARG=argument) as shop:
        found, stops_at = walked(shop)
    assert stops_at == "service"
    assert "none of 5 was sampled" in found["order"]["text"]
    assert ("AlwaysOff" if sampler == "always_off" else "{0.0}") in found["order"]["text"]
    assert "OTEL_TRACES_SAMPLER=parentbased_always_on" in found["order"]["mend"]


def test_a_context_that_is_not_passed_on(tmp_path: Path) -> None:
    """Without propagators each service has a trace of its own: their spans arrive, and the order's trace lacks them."""
    with started(tmp_path, OTEL_PROPAGATORS="none") as shop:
        found, stops_at = walked(shop)
    assert stops_at == "service"
    assert "order, payment and inventory are missing" in found["trace"]["text"]
    assert documented(found["trace"]["text"].partition("; ")[2])
    assert "OTEL_PROPAGATORS=tracecontext,baggage" in found["trace"]["mend"]


def test_no_exporter(tmp_path: Path) -> None:
    """With OTEL_TRACES_EXPORTER=none spans are made and handed to nobody."""
    with started(tmp_path, OTEL_TRACES_EXPORTER="none") as shop:
        found, stops_at = walked(shop)
    assert stops_at == "exporter"
    assert "no exporter" in found["services"]["text"]


@pytest.mark.parametrize("wrong", ["port", "path"])
def test_an_exporter_that_sends_to_the_wrong_place(tmp_path: Path, wrong: str) -> None:
    """It says what is wrong with the place, finds out where spans are taken, and with that mend the path is whole."""
    offset = free_offset()
    right = f"http://127.0.0.1:{4318 + offset}/v1/traces"
    place = f"http://127.0.0.1:{4319 + offset}" if wrong == "port" else right  # the path is appended once more
    with started(tmp_path, offset=offset, OTEL_EXPORTER_OTLP_ENDPOINT=place) as shop:
        found, stops_at = walked(shop)
    assert stops_at == "exporter"
    text = found["exporter"]["text"].replace(str(4318 + offset), "4318").replace(str(4319 + offset), "4319")
    assert documented(text.removesuffix(" http://127.0.0.1:4318/v1/traces takes spans."))
    assert f"{right} takes spans" in found["exporter"]["text"]
    mended = dict(word.partition("=")[::2] for word in found["exporter"]["mend"].split() if "=" in word)
    with started(tmp_path, offset=offset, OTEL_EXPORTER_OTLP_ENDPOINT=place, **mended) as shop:
        assert walked(shop)[1] is None


def test_another_backend_is_asked(shop: Shop, tracelab: Start) -> None:
    """Spans arrive at one backend, and another one is asked for them: the path stops at the query."""
    offset = free_offset()
    query = f"http://127.0.0.1:{9411 + offset}"
    other = tracelab("backend", "--port", str(9411 + offset), "--otlp-port", str(4318 + offset))
    other.wait_for("OTLP:")
    found, stops_at = walked(shop, "--backend", query)
    assert stops_at == "query"
    assert "two backends" in found["trace"]["text"]


def test_a_backend_that_freezes_and_dies(tmp_path: Path, tracelab: Start) -> None:
    """Frozen it takes connections and answers nothing, dead it refuses them; thawed, the path is whole."""
    offset = free_offset()
    taken = ports.free_offset([9411, 4318], range(offset + 7, 30000, 31))
    query = f"http://127.0.0.1:{9411 + taken}"
    backend = tracelab("backend", "--port", str(9411 + taken), "--otlp-port", str(4318 + taken))
    backend.wait_for("OTLP:")
    with Shop(Options(tmp_path / "shop", port_offset=offset, backend=query)) as shop:
        assert walked(shop)[1] is None
        backend.signal(signal.SIGSTOP)
        try:
            frozen, stops_at = walked(shop)
        finally:
            backend.signal(signal.SIGCONT)
        assert stops_at == "backend"
        assert "does not answer in time" in frozen["exporter"]["text"]
        assert walked(shop)[1] is None
        backend.signal(signal.SIGTERM)
        backend.end()
        dead, stops_at = walked(shop)
        assert stops_at == "backend"
        assert "refuses the connection" in dead["exporter"]["text"]
        assert f"backend --port {9411 + taken}" in dead["backend"]["mend"]


def test_a_frozen_gateway(tmp_path: Path) -> None:
    """A target that takes connections and answers nothing does not hold the walk up."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = f"http://127.0.0.1:{silent.getsockname()[1]}"
        found, stops_at = document(doctor(tmp_path, "--json", "--target", target))
    assert stops_at == "service"
    assert "does not answer in time" in found["gateway"]["text"]


@pytest.mark.parametrize("make", ["jaeger", "zipkin"])
def test_a_real_backend(tmp_path: Path, make: str, request: pytest.FixtureRequest) -> None:
    """Jaeger and Zipkin take the doctor's empty message as they take spans, and the path is whole."""
    backend: Tracing = request.getfixturevalue(make)
    sending: Mapping[str, str] = {"OTEL_EXPORTER_OTLP_ENDPOINT": backend.otlp_endpoint} if backend.otlp_endpoint else {}
    options = Options(tmp_path, port_offset=free_offset(), backend=backend.query_url, environment=sending)
    with Shop(options) as shop:
        found, stops_at = walked(shop)
    assert stops_at is None
    assert found["backend"]["text"].endswith(f"answers as {make.capitalize()} does")
    assert found["trace"]["fine"]
