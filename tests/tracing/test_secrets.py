"""What must be told nowhere: that a fault was asked for, and the customer's card."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest

from discovery.client import Make
from tests.services.asking import an_order
from tests.tracing.traced import SERVICES, Traced

ASKED = "payment.latency:301ms~inventory.error:503"
TELLING = ("fault", "inject", "latency:", "error:503", "chaos", "301ms", ASKED)
CARD = "tok_4242_do_not_tell"

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def kept(checkouts: Traced, trace_id: str) -> str:
    """Everything that the backend has of a trace, as it answers it."""
    path = "/api/v3/traces/" if checkouts.way.backend.make is Make.JAEGER else "/api/v2/trace/"
    with urllib.request.urlopen(checkouts.way.backend.url + path + trace_id) as response:
        return response.read().decode()


def told(checkouts: Traced, trace_id: str) -> str:
    """Every service's log lines of a trace."""
    lines = [line for name in SERVICES for line in checkouts.shop.log(name) if line.get("trace_id") == trace_id]
    assert len(lines) >= len(SERVICES)
    return json.dumps(lines)


def test_no_word_of_a_fault(checkouts: Traced) -> None:
    """No span, tag, event, log line or answer of a faulted checkout names a fault, or says that one is on."""
    answer = checkouts.shop.order(baggage=f"fault={ASKED}")
    origin = checkouts.shop.post("inventory", "/reservations", {"items": []}, baggage=f"fault={ASKED}")
    assert (answer.status, origin.status) == (503, 503)
    trace = checkouts.trace(answer)
    assert any(span.error for span in trace.spans)
    texts = {
        "span": kept(checkouts, answer.trace_id),
        "log line": told(checkouts, answer.trace_id),
        "answer": json.dumps([(each.body, dict(each.headers)) for each in (answer, origin)]),
    }
    for where, text in texts.items():
        for word in TELLING:
            found = re.search(f".{{0,60}}(?<!de){re.escape(word)}.{{0,60}}", text, re.IGNORECASE)  # not in "default"
            assert not found, f"a {where} tells: {found[0]}"


@pytest.mark.parametrize("card", [CARD, "tok_declined", "TOK not even a token"])
def test_no_card(checkouts: Traced, card: str) -> None:
    """A card, good, declined or mistyped, is in no span, no log line and no answer."""
    answer = checkouts.shop.order(an_order(card=card))
    assert answer.status in {201, 402, 422}
    checkouts.trace(answer)
    everything = kept(checkouts, answer.trace_id) + json.dumps(answer.body)
    everything += json.dumps([line for name in SERVICES for line in checkouts.shop.log(name)])
    assert card not in everything


def test_the_words_would_be_found(checkouts: Traced) -> None:
    """The search sees what a span says: the shop's own words are in what the backend keeps."""
    answer = checkouts.shop.order()
    checkouts.trace(answer)
    for word in ("tracelab.wait.loop", "reservations", "inventory"):
        assert word in kept(checkouts, answer.trace_id)
