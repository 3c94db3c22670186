"""What is not sampled is stored nowhere, and the customer does not notice."""

from __future__ import annotations

import secrets

import pytest

from tests.tracing.conftest import Starting
from tests.tracing.traced import SERVICES, Traced


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_callers_decision_holds(checkouts: Traced) -> None:
    """A traceparent that says "not sampled" is obeyed by every service: 201, and not one span is stored."""
    before = {name: checkouts.spans(name)["ended"] for name in SERVICES}
    trace_id = secrets.token_hex(16)
    answer = checkouts.shop.order(traceparent=f"00-{trace_id}-{'1' * 16}-00")
    assert answer.status == 201
    assert answer.trace_id == trace_id
    assert int(answer.headers["traceresponse"].split("-")[3], 16) & 1 == 0
    assert not checkouts.stored(trace_id)
    assert {name: checkouts.spans(name)["ended"] for name in SERVICES} == before
    assert checkouts.shop.get("/latest").body[0]["trace_id"] == ""


def test_always_off(own: Starting) -> None:
    """With OTEL_TRACES_SAMPLER=parentbased_always_off nothing is stored, but for a caller that samples."""
    with own(OTEL_TRACES_SAMPLER="parentbased_always_off") as here:
        answer = here.shop.order()
        assert answer.status == 201
        assert not here.stored(answer.trace_id)
        assert {here.spans(name)["ended"] for name in SERVICES} == {0}
        trace_id = secrets.token_hex(16)
        assert here.shop.order(traceparent=f"00-{trace_id}-{'1' * 16}-01").status == 201
        assert set(here.trace(trace_id, "1" * 16).services) == set(SERVICES)


def test_without_the_sdk(own: Starting) -> None:
    """With OTEL_SDK_DISABLED=true the shop sells as before, and names no trace."""
    with own(OTEL_SDK_DISABLED="true") as here:
        answer = here.shop.order()
        assert answer.status == 201
        assert "traceresponse" not in answer.headers
        assert {here.spans(name)["ended"] for name in SERVICES} == {0}
