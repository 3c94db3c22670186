"""A search finds what meets it, however the spans were spread over batches."""

from __future__ import annotations

import json

from backend import zipkin_form
from backend.criteria import Criteria
from backend.store import Store
from tests.backend.test_keeping import batch, found, spans


def test_conditions_may_be_met_by_spans_of_several_batches(tmp_path):
    """A tag, a long span and a failed one of the same service in three batches of one trace meet a search together."""
    store = Store(tmp_path / "traces.db")
    tagged, long, failed = spans(1)
    store.append(batch([tagged | {"tags": {"sku": "tea"}}])).result()
    store.append(batch([long | {"duration": 500_000}])).result()
    store.append(batch([failed | {"tags": {"error": "timed out"}}])).result()
    for number in range(2, 40):
        store.append(batch(spans(number, tags={"sku": "coffee"}))).result()
    assert found(store, service="order", tags={"sku": "tea"}, least=400_000) == [1]
    assert found(store, service="order", tags={"sku": "tea"}, least=400_000, errors=True) == [1]
    assert found(store, least=400_000, errors=True) == [1]
    assert found(store, name="step 1", least=400_000) == [1]
    assert found(store, tags={"sku": "coffee"}, least=10) == list(range(39, 1, -1))  # a word that most have
    assert found(store, tags={"sku": "coffee"}, errors=True) == []
    store.close()


def test_a_trace_of_several_roots_is_found_by_its_first(tmp_path):
    """Of two spans without a parent the first counts, as in Zipkin, though the other lies far outside the window."""
    store = Store(tmp_path / "traces.db")
    [one] = spans(1, count=1, at=1_700_000_000_000_000)
    [other] = spans(1, count=1, at=1_700_007_200_000_000)
    store.append(batch([one, other | {"id": "b"}])).result()
    assert found(store, until=one["timestamp"] + 1) == [1]
    store.close()


def test_zeros_for_a_parent_make_a_root(tmp_path):
    """A span whose parent's id is zeros gives the trace its time."""
    store = Store(tmp_path / "traces.db")
    child, root = spans(1, count=2)
    earlier = child | {"parentId": root["id"], "timestamp": root["timestamp"] - 30_000_000}
    store.append(batch([earlier, root | {"parentId": "0" * 16}])).result()
    assert len(store.search(Criteria(until=root["timestamp"] + 500_000, lookback=1_000_000))) == 1
    store.close()


def test_services_that_differ_in_case_count_apart(tmp_path):
    """Two services of one name but for its case lose no span of one trace and batch."""
    store = Store(tmp_path / "traces.db")
    upper = [each | {"id": f"a{each['id'][1:]}"} for each in spans(1, service="ORDER", duration=9)]
    store.append(batch(spans(1), upper)).result()
    assert len(store.spans("1")) == 6
    assert store.services() == ["ORDER", "order"]
    with store._reader.reading(store._settled()) as reading:
        assert reading.size("1") == 6
    store.close()


def test_one_huge_part_is_read_up_to_the_limit(tmp_path, monkeypatch):
    """Of a trace that came in one batch no more spans are read than of one that came in many."""
    monkeypatch.setattr("backend.reader.MOST_SPANS", 10)
    store = Store(tmp_path / "traces.db")
    store.append(zipkin_form.take(json.dumps(spans(1, count=50)).encode()).batch).result()
    assert len(store.spans("1")) == 10
    store.close()


def test_a_window_may_reach_back_without_end(tmp_path):
    """The longest lookback that can be said is no number too large for SQLite."""
    store = Store(tmp_path / "traces.db")
    assert found(store, until=1000) == []
    assert store.search(Criteria(until=1000, lookback=2**63 - 1)) == []
    store.close()
