"""The thread that writes goes on, whatever the disk, the clock and the senders do."""

from __future__ import annotations

import sqlite3
import time

import pytest

from backend import file
from backend.batch import Form
from backend.retention import Limits
from backend.store import Store
from backend.writer import Full
from tests.backend.test_keeping import batch, found, spans
from tests.real import process


def full(*_):
    """Stand for a disk that takes no more."""
    raise sqlite3.OperationalError("database or disk is full")


def test_a_query_does_not_wait_for_a_disk_that_is_full(tmp_path, monkeypatch):
    """Where the index cannot be written queries answer with the rest at once, and find all of it once there is room."""
    store = Store(tmp_path / "traces.db")
    with monkeypatch.context() as patch:
        patch.setattr("backend.segment.write", full)
        store.append(batch(spans(1))).result()
        assert [found(store) for _ in range(20)] == [[]] * 20  # 200 s, if each waited for its time to run out
    process.wait_until(lambda: found(store) == [1], 20)
    store.close()


def test_a_full_disk_is_not_tried_without_a_pause(tmp_path, monkeypatch):
    """A query that waits for what cannot be indexed does not make the writer try it again and again."""
    tries = []

    def failing(*_):
        tries.append(time.monotonic())
        full()

    store = Store(tmp_path / "traces.db")
    with monkeypatch.context() as patch:
        patch.setattr("backend.segment.write", failing)
        store.append(batch(spans(1))).result()
        found(store)
        process.wait_until(lambda: len(tries) >= 3, 20)
        assert tries[2] - tries[0] > 1
    store.close()


def test_a_full_disk_at_the_start_loses_nothing(tmp_path, monkeypatch):
    """What waits for its index when the disk is full at the start is indexed when there is room, older than the new."""
    path = tmp_path / "traces.db"
    with monkeypatch.context() as patch:
        patch.setattr("backend.segment.write", full)
        store = Store(path)
        for number in range(1, 31):
            store.append(batch(spans(number))).result()
        store.close()
        again = Store(path)
    again.append(batch(spans(31))).result()
    process.wait_until(lambda: len(found(again)) == 31, 20)
    again.close()
    last = Store(path)
    assert len(found(last)) == 31
    last.close()


def test_a_body_that_cannot_be_read_any_more_is_passed_over(tmp_path):
    """A batch whose form this version refuses does not keep the store from starting, nor queries waiting."""
    path = tmp_path / "traces.db"
    store = Store(path)
    store.append(batch(spans(1))).result()
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO batch VALUES (2, ?, ?)", (int(Form.ZIPKIN), b"<spans/>"))
        connection.execute("INSERT INTO batch VALUES (3, ?, ?)", (int(Form.OTLP), b"\xff\xff"))
    connection.close()
    again = Store(path)
    assert again._writer.indexed == again._writer.committed == 3
    assert found(again, tags={"any": "tag"}) == []
    again.append(batch(spans(4))).result()
    assert found(again) == [4, 1]
    again.close()


def test_a_commit_that_fails_by_a_mistake_is_said_to_its_senders(tmp_path, monkeypatch):
    """Whatever goes wrong in a commit, its senders hear of it, and the next batch is taken."""
    store = Store(tmp_path / "traces.db")

    def broken(_):
        raise OverflowError("too large")

    with monkeypatch.context() as patch:
        patch.setattr("backend.writer.transaction", broken)
        with pytest.raises(Full, match="too large"):
            store.append(batch(spans(1))).result(20)
    store.append(batch(spans(2))).result(20)
    assert found(store) == [2]
    assert store.condition().pending == 0
    store.close()


def test_a_few_old_spans_go_too(tmp_path):
    """What is too old is dropped though its segment never filled, and though nothing came after it."""
    store = Store(tmp_path / "traces.db", Limits(age=0.5))
    store.append(batch(spans(1))).result()
    assert found(store) == [1]
    process.wait_until(lambda: store.counts.dropped == 3 and not found(store), 20)
    store.append(batch(spans(2))).result()
    assert found(store) == [2]
    store.close()


def test_a_lower_limit_holds_at_once(tmp_path):
    """A store that is opened with a lower limit makes room before anything new comes."""
    path = tmp_path / "traces.db"
    store = Store(path)
    for number in range(1, 30):
        store.append(batch(spans(number, tags={"filler": "x" * 30_000}))).result()
    store.close()
    lower = Store(path, Limits(size=500_000))
    process.wait_until(lambda: lower.condition().size <= 500_000, 20)
    assert lower.counts.dropped == 29 * 3
    lower.close()


def test_numbers_may_begin_anew(tmp_path):
    """A store whose batches were all dropped before it ended takes new ones, and a third start finds them."""
    path = tmp_path / "traces.db"
    store = Store(path, Limits(age=0.1))
    store.append(batch(spans(1))).result()
    process.wait_until(lambda: store.counts.dropped == 3, 20)
    store.close()
    for number in (2, 3):
        again = Store(path)
        again.append(batch(spans(number))).result()
        assert found(again)[0] == number
        again.close()


def test_names_without_end_take_little(tmp_path):
    """A sender that names each span or service anew fills no memory; services come before more names of one."""
    store = Store(tmp_path / "traces.db")
    many = [each | {"name": f"GET /users/{number}"} for number in range(20_000) for each in spans(1, count=1)]
    store.append(batch(many)).result()
    assert len(store.names("order")) <= 4_000
    named = [
        each | {"localEndpoint": {"serviceName": f"worker-{number}"}}
        for number in range(20_000)
        for each in spans(2 + number, count=1)
    ]
    store.append(batch(spans(1, service="payment"), named)).result()
    assert 1_000 <= len(store.services()) <= 5_000
    assert found(store, service="WORKER-19999") == [2 + 19_999]  # listed or not, it is found
    assert sum(len(traces) for _, traces in store._writer.recent) <= 20_000
    store.close()


def test_a_refused_file_gets_no_file_beside_it(tmp_path):
    """Where the file is another's nothing is written, be it a lock beside it; it can be moved away then."""
    path = tmp_path / "notes.txt"
    path.write_bytes(b"no database" * 200)
    with pytest.raises(file.Unusable):
        Store(path)
    assert list(tmp_path.iterdir()) == [path]


def test_an_older_store_is_refused(tmp_path):
    """A store of a version that is read no more is refused with what to do, and left as it is."""
    path = tmp_path / "traces.db"
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(file.Unusable, match="written by an older tracelab"):
        Store(path)
    assert path.read_bytes() == before
