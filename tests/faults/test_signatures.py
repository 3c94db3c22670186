"""With a fault on, the traces of the requests that carry it show it; with it off, none does. In every backend."""

from __future__ import annotations

import pytest

from discovery import client
from tests.faults import run
from tests.faults.conftest import Everywhere
from tests.faults.signatures import CORE, Signature
from tests.services.asking import eventually

EVERY = pytest.mark.parametrize("signature", CORE, ids=lambda each: each.fault)


@EVERY
def test_it_shows(everywhere: Everywhere, backend: client.Backend, signature: Signature) -> None:
    """Each affected trace shows it; no innocent one of the same run does, but some where it is contagious."""
    made, began = everywhere.run(signature)
    found: list[run.Stored] = []

    def shown() -> None:
        found[:] = [run.stored(backend, made, signature.entry, began)]
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


@EVERY
def test_it_does_not_show(everywhere: Everywhere, backend: client.Backend, signature: Signature) -> None:
    """The same requests without it: no trace shows it, and no other trace begins anywhere."""
    made, began = everywhere.run(signature, fault=False)
    found = run.stored(backend, made, signature.entry, began)
    assert not found.affected
    assert not any(map(signature.shows, found.innocent))
    assert not any(map(signature.infects or signature.shows, found.innocent))
    assert not any(map(signature.orphan or signature.shows, found.others))
