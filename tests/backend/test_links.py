"""Calls that were counted once are counted again when they changed, and only then."""

from __future__ import annotations

from backend.retention import Limits
from backend.store import Store
from tests.backend.test_keeping import batch
from tests.real import process

MINUTE = 60_000_000
AT = 1_700_000_000_000_000 // MINUTE * MINUTE


def call(number, at=AT):
    """Make a trace of two spans: one service calls another."""
    ids = {"traceId": f"{number:x}", "timestamp": at + number, "duration": 10}
    return [
        ids | {"id": "1", "kind": "CLIENT", "localEndpoint": {"serviceName": "order"}},
        ids | {"id": "2", "parentId": "1", "kind": "SERVER", "localEndpoint": {"serviceName": "payment"}},
    ]


def calls(store):
    """Count the calls of the hour, from order to payment."""
    return sum(link.calls for link in store.links(AT - 30 * MINUTE, AT + 30 * MINUTE))


def test_what_came_since_is_counted(tmp_path):
    """Each acknowledged call is in the next answer, be it of a minute that was counted before."""
    store = Store(tmp_path / "traces.db")
    for number in range(1, 20):
        store.append(batch(call(number))).result()
        assert calls(store) == number
    store.close()


def test_what_was_dropped_is_counted_no_more(tmp_path):
    """When some of a minute's traces are dropped, its count falls though nothing new came."""
    store = Store(tmp_path / "traces.db", Limits(segment_spans=20))
    for number in range(1, 40):
        padded = [each | {"tags": {"filler": "x" * 10_000}} for each in call(number)]
        store.append(batch(padded)).result()
    assert calls(store) == 39
    store._writer.limits = Limits(size=600_000, segment_spans=20)
    process.wait_until(lambda: store.condition().size <= 600_000, 20)
    assert 0 < calls(store) == store.condition().spans // 2 < 39
    store.close()


def test_a_minute_of_many_traces_is_counted_whole(tmp_path, monkeypatch):
    """A minute is read a few traces at a time, and no call is lost or counted twice in between."""
    monkeypatch.setattr("backend.links._AT_ONCE", 7)
    store = Store(tmp_path / "traces.db")
    store.append(batch(*(call(number) for number in range(1, 60)))).result()
    store.append(batch(*(call(number) for number in range(40, 100)))).result()
    assert calls(store) == 99
    store.close()
