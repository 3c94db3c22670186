"""An overload that outlives its trigger: metastable failure, after Bronson et al."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from discovery import client
from discovery.trace import Trace
from tests.faults import run
from tests.faults.conftest import Everywhere
from tests.faults.run import Run
from tests.faults.seen import below, calls
from tests.faults.table import BOTH
from tests.services.asking import Answer, attest, eventually

# Some eight orders a second: fewer than payment can take, but not three times over. As many reads keep the gateway's
# breaker closed, since order answers those.
_EVERY = 0.06
_FAULT = "payment.metastable:1s"


def failures(answers: Sequence[Answer]) -> float:
    """The share of orders that failed; what is read is answered with 200."""
    orders = [answer.status for answer in answers if answer.status != 200]
    return sum(status >= 500 for status in orders) / len(orders)


@pytest.fixture(scope="module")
def order(everywhere: Everywhere) -> str:
    """What is read."""
    everywhere.here.shop.calm()
    return everywhere.here.shop.order().headers["location"]


@pytest.fixture(scope="module")
def recovery(everywhere: Everywhere, order: str) -> Run:
    """What came after the trigger, in one go with it; nothing of it carries anything."""
    whole = run.send(everywhere.here, _FAULT, BOTH, 180, percent=50, every=_EVERY, hits=60, order=order)
    return replace(whole, affected=(), innocent=whole.innocent[-120:])


def test_without_it_nothing_of_the_kind(everywhere: Everywhere, order: str) -> None:
    """The same requests without the trigger: none fails."""
    assert failures(run.send(everywhere.here, None, BOTH, 60, every=_EVERY, order=order).innocent) == 0


def test_it_goes_on_without_its_trigger(recovery: Run) -> None:
    """Most orders fail long after the last one that carried it, at a pace that was no trouble before."""
    assert failures(recovery.innocent) > 0.5
    assert failures(recovery.innocent[60:100]) > 0.5


def given_up(trace: Trace) -> int:
    """How many calls order gave up on, at which payment still worked, in vain."""
    return sum(
        call.error and any(child.end > call.end for child in below(trace, call))
        for call in calls(trace, "order", "/payments")
    )


def test_its_traces_show_why(recovery: Run, backend: client.Backend) -> None:
    """Failed orders gave up on payment, three times each, and payment did the work all the same, some time."""

    def shown() -> None:
        found = run.stored(backend, recovery)
        failed = [trace for trace in found.innocent if trace.root.error]
        assert len(failed) > len(found.innocent) / 4  # half of the requests are orders
        assert sum(given_up(trace) == 3 for trace in failed) > len(failed) / 2

    eventually(shown, 40, 2.0)  # the last of it is queued for as long


def test_it_ends_when_nobody_comes(everywhere: Everywhere, recovery: Run, order: str) -> None:
    """After a pause the same pace is no trouble again."""
    assert recovery
    shop = everywhere.here.shop
    eventually(lambda: attest({shop.order().status for _ in range(8)} == {201}), 60, 4.0)
    assert failures(run.send(everywhere.here, None, BOTH, 60, every=_EVERY, order=order).innocent) < 0.1
