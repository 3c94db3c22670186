"""A backend that is dead, frozen or slow costs spans, which are counted, and never a request."""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.services.asking import at_once, attest, eventually
from tests.tracing import sinks, table
from tests.tracing.conftest import Starting
from tests.tracing.traced import SERVICES, Traced

ORDERS = 60
# Each service has another trouble
DEAD, FROZEN, SLOW, WELL = "gateway", "order", "payment", "inventory"
SPANS = Counter(edge[2] for edge in table.expected("sqlite").elements())  # of one checkout, by service


@pytest.fixture
def received() -> Counter[str]:
    """How many spans were taken, by service."""
    return Counter()


@pytest.fixture
def addresses(received: Counter[str]) -> Iterator[dict[str, str]]:
    """Where each service sends its spans."""
    with ExitStack() as stack:
        yield {
            DEAD: stack.enter_context(sinks.closed()),
            FROZEN: stack.enter_context(sinks.frozen()),
            SLOW: stack.enter_context(sinks.slow(2.0, received)),
            WELL: stack.enter_context(sinks.slow(0.0, received)),
        }


def settings(form: str, address: str) -> dict[str, str]:
    """What sends spans in a form to an address."""
    if form == "otlp":
        return {"OTEL_TRACES_EXPORTER": form, "OTEL_EXPORTER_OTLP_ENDPOINT": address}
    return {"OTEL_TRACES_EXPORTER": form, "OTEL_EXPORTER_ZIPKIN_ENDPOINT": f"{address}/api/v2/spans"}


def said(here: Traced, name: str, words: str) -> list[str]:
    """A service's log messages with these words."""
    return [line["message"] for line in here.shop.log(name) if words in line["message"]]


@pytest.mark.parametrize("form", ["otlp", "zipkin_json"])
def test_spans_are_lost_and_counted_but_no_request(
    own: Starting, form: str, addresses: dict[str, str], received: Counter[str]
) -> None:
    """Every order is made; each service ends within 8 s, and says once at the end how many of its spans were lost.

    ended = delivered + lost, where ended is what the declared table says and delivered what the other side took.
    """
    each = {name: settings(form, address) for name, address in addresses.items()}
    with own(each=each) as here:
        answers = at_once([here.shop.order] * ORDERS, workers=8)
        assert [answer and answer.status for answer in answers] == [201] * ORDERS
        ended = {name: SPANS[name] * ORDERS for name in SERVICES}
        eventually(lambda: attest({name: here.spans(name)["ended"] for name in SERVICES} == ended), 5)
        assert here.spans(FROZEN)["delivered"] == here.spans(DEAD)["delivered"] == 0
        eventually(lambda: attest(here.spans(WELL) == {"ended": ended[WELL], "delivered": ended[WELL], "lost": 0}), 5)

        here.end()
        for name in SERVICES:
            lost = ended[name] - received[name]
            told = [re.findall(r"\d+", text) for text in said(here, name, "spans were lost")]
            assert told == ([[str(lost), str(ended[name])]] if lost else []), name
        assert received == Counter({WELL: ended[WELL], SLOW: ended[SLOW]})


@pytest.mark.parametrize("form", ["otlp", "zipkin_json"])
def test_a_loss_is_said_once(own: Starting, form: str, addresses: dict[str, str]) -> None:
    """However long a backend is away, its loss is one line in the log, and /healthz counts all of it.

    The same where a small queue drops spans before the exporter has given up.
    """
    each = {
        DEAD: settings(form, addresses[DEAD]) | {"OTEL_EXPORTER_OTLP_TIMEOUT": "1"},
        FROZEN: settings(form, addresses[FROZEN])
        | {"OTEL_BSP_MAX_QUEUE_SIZE": "64", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "32"},
    }
    with own(each=each) as here:
        for _ in range(2):
            assert {answer and answer.status for answer in at_once([here.shop.order] * ORDERS, workers=8)} == {201}

            def all_lost() -> None:
                counts = here.spans(DEAD)
                assert counts["lost"] == counts["ended"] > 0

            eventually(all_lost, 10)
        dropped = here.spans(FROZEN)
        assert dropped["lost"] >= dropped["ended"] - 64 - 32 > 0
        for name in (DEAD, FROZEN):
            assert len(said(here, name, "Spans are being lost")) == 1
        here.end()
        assert len(said(here, DEAD, "spans were lost")) == 1


def test_nobody_waits_for_the_backend(own: Starting, addresses: dict[str, str]) -> None:
    """The median order of a shop whose backend is frozen is as quick as with one that answers, measured in turns.

    No stopwatch's precision is asked for: a request that waited for an export would take seconds.
    """
    frozen, well = (settings("otlp", addresses[name]) for name in (FROZEN, WELL))
    with own(**frozen) as one, own(**well, folder="well") as other:

        def median(here: Traced) -> float:
            taken = []
            for _ in range(15):
                began = time.perf_counter()
                assert here.shop.order().status == 201
                taken.append(time.perf_counter() - began)
            return statistics.median(taken)

        eventually(lambda: attest(median(one) < 2 * median(other)), 20)
        one.end()
