"""One checkout is one trace, the declared one, on every backend and database."""

from __future__ import annotations

from discovery.trace import Kind
from tests.real.tracing import Tracing
from tests.services.asking import at_once
from tests.tracing import table
from tests.tracing.conftest import Starting
from tests.tracing.traced import SERVICES, Traced, Way


def test_the_declared_table(checkouts: Traced, database: str) -> None:
    """Services, parent edges, kinds and statuses equal the declared table, database spans included, and no more."""
    answer = checkouts.shop.order()
    assert answer.status == 201
    trace = checkouts.trace(answer)
    assert not (told := table.difference(trace, database)), f"{checkouts.way.name}, {database}:\n{told}"
    assert trace.services == table.SERVICES
    assert trace.trace_id == answer.trace_id
    assert len(trace.roots) == 1


def test_orders_at_once_are_traces_apart(checkouts: Traced, database: str) -> None:
    """Checkouts side by side do not mix: each has its own trace, and each is the declared one."""
    answers = at_once([checkouts.shop.order] * 12, workers=6)
    for answer in answers:
        assert answer is not None
        assert answer.status == 201
        assert not (told := table.difference(checkouts.trace(answer), database)), told
    assert len({answer.trace_id for answer in answers if answer}) == 12


def test_log_lines_name_their_span(checkouts: Traced) -> None:
    """Each server span has one line in its service's log, with its ids and its status."""
    answer = checkouts.shop.order()
    for span in checkouts.trace(answer).spans:
        if span.kind is Kind.SERVER:
            lines = [line for line in checkouts.shop.log(span.service) if line.get("span_id") == span.span_id]
            assert [line["trace_id"] for line in lines] == [answer.trace_id], span
            assert str(lines[0]["status"]) == str(span.attributes["http.response.status_code"])


def test_what_the_server_spans_tell(checkouts: Traced) -> None:
    """Every server span has its waits for loop, thread and pool in ms, its route, and who served it; no name a path."""
    trace = checkouts.trace(checkouts.shop.order())
    for span in trace.spans:
        assert ".db" not in span.name
        assert "/tmp" not in span.name
        assert span.name.casefold() != "connect"
        if span.kind is not Kind.SERVER:
            continue
        for wait in ("loop", "thread", "pool"):
            assert 0 <= float(span.attributes[f"tracelab.wait.{wait}"]) < 5_000
        assert span.attributes["http.route"]
        assert str(span.attributes["http.response.status_code"])[:2] == "20"
    assert {span.service for span in trace.spans} == set(SERVICES)


def test_two_backends_at_once(own: Starting, jaeger: Tracing, zipkin: Tracing) -> None:
    """With OTEL_TRACES_EXPORTER=otlp,zipkin_json each of two backends has the whole declared trace."""
    one, other = Way.by_otlp("jaeger", jaeger), Way.by_zipkin_json("zipkin", zipkin)
    both = {**one.settings, **other.settings, "OTEL_TRACES_EXPORTER": "otlp,zipkin_json"}
    with own(way=Way("both", both, one.backend)) as here:
        answer = here.shop.order()
        for way in (one, other):
            assert not (told := table.difference(Traced(here.shop, way).trace(answer), "sqlite")), told
