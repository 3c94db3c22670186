"""With a fault on, the traces of the requests that carry it show it; with it off, none does. In every backend."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from discovery import client
from discovery.trace import Trace
from tests.faults import run
from tests.faults.conftest import Everywhere
from tests.faults.table import CORE, LOCKS, PRODUCTS, REST, Signature
from tests.services.asking import eventually

EVERY = pytest.mark.parametrize("signature", [*CORE, *REST], ids=lambda each: each.fault)


def assert_shows(everywhere: Everywhere, backend: client.Backend, signature: Signature) -> None:
    """Each affected trace shows it; no innocent one of the same run does, but some where it is contagious."""
    made = everywhere.run(signature)
    found: list[run.Stored] = []

    def shown() -> None:
        found[:] = [run.stored(backend, made, signature.entry)]
        healthy = [trace.trace_id for trace in found[0].affected if not signature.shows(trace)]
        assert found[0].affected
        assert not healthy, f"{len(healthy)} of {len(found[0].affected)} affected traces do not show it: {healthy[:3]}"
        if signature.orphan:
            assert sum(map(signature.orphan, found[0].others)) >= len(found[0].affected)

    eventually(shown, 5)
    if signature.infects:
        assert any(map(signature.infects, found[0].innocent))
    else:
        shows = [trace.trace_id for trace in found[0].innocent if signature.shows(trace)]
        assert not shows, f"{len(shows)} of {len(found[0].innocent)} innocent traces show it: {shows[:3]}"


def assert_does_not_show(everywhere: Everywhere, backend: client.Backend, signature: Signature) -> None:
    """The same requests without it: no trace shows it, and no other trace begins anywhere."""
    made = everywhere.run(signature, fault=False)
    found = run.stored(backend, made, signature.entry)
    assert not found.affected
    assert found.innocent
    assert not any(map(signature.shows, found.innocent))
    assert not any(map(signature.infects or signature.shows, found.innocent))
    assert not any(map(signature.orphan or signature.shows, found.others))


@EVERY
def test_it_shows(everywhere: Everywhere, backend: client.Backend, signature: Signature) -> None:
    """With the fault on, affected traces show it, and only those that it should reach."""
    assert_shows(everywhere, backend, signature)


@EVERY
def test_it_does_not_show(everywhere: Everywhere, backend: client.Backend, signature: Signature) -> None:
    """With the fault off nothing shows it."""
    assert_does_not_show(everywhere, backend, signature)


def uncached(traces: Sequence[Trace]) -> float:
    """The share of reads of the products that went on to inventory."""
    return sum("inventory" in trace.services for trace in traces) / len(traces)


def test_a_cold_cache_is_a_burst_of_uncached_reads(everywhere: Everywhere, backend: client.Backend) -> None:
    """While it is cold every reader goes to inventory, innocent or not; otherwise about one a second."""
    cold = Signature("gateway.cold-cache:3s", PRODUCTS, lambda trace: "inventory" in trace.services, requests=40)
    made = everywhere.run(cold, fault=False)  # first: it would still be cold
    assert uncached(run.stored(backend, made).innocent) < 0.3
    made = everywhere.run(cold)
    found = run.stored(backend, made)
    assert uncached(found.affected) == 1
    assert uncached(found.innocent) > 0.8


def test_the_books_tell_what_no_trace_shows_red(everywhere: Everywhere) -> None:
    """A swallowed error leaves confirmed orders that nobody paid, a double charge charges without an order."""
    shop = everywhere.here.shop

    def tally() -> tuple[int, int]:
        books = shop.books()
        return books["order"]["confirmed"]["count"], books["payment"]["captured"]["count"]

    before = tally()
    assert shop.order(baggage="fault=order.swallowed-error").status == 201
    assert tally() == (before[0] + 1, before[1])
    assert shop.order(baggage="fault=order.double-charge").status == 201
    assert tally() == (before[0] + 2, before[1] + 2)


@pytest.mark.parametrize("everywhere", ["postgres"], indirect=True)
def test_row_locks(everywhere: Everywhere, backend: client.Backend) -> None:
    """On PostgreSQL it is the row that is waited for, in SELECT ... FOR UPDATE."""
    assert_shows(everywhere, backend, LOCKS["postgres"])
    assert_does_not_show(everywhere, backend, LOCKS["postgres"])
