"""What was acknowledged is kept, whatever happens to the process, the disk or the file."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import wait

import pytest

from backend import file, zipkin_form
from backend.criteria import Criteria
from backend.retention import Limits
from backend.store import Store
from backend.writer import Busy, Full
from tests.backend.running import ask, post_json
from tests.real import process

ALWAYS = 2**60


def spans(trace, count=3, service="order", at=1_700_000_000_000_000, **more):
    """Make some spans of one trace in Zipkin's JSON, one below the other."""
    return [
        {
            "traceId": f"{trace:032x}",
            "id": f"{number:016x}",
            **({"parentId": f"{number - 1:016x}"} if number > 1 else {}),
            "name": f"step {number}",
            "timestamp": at + trace * 1000 + number,
            "duration": 10,
            "localEndpoint": {"serviceName": service},
            **more,
        }
        for number in range(1, count + 1)
    ]


def batch(*documents):
    """Make a batch as it comes out of a request."""
    return zipkin_form.take(json.dumps([span for each in documents for span in each]).encode()).batch


def found(store, **asked):
    """Search without bounds, and return the traces' numbers."""
    return [int(each[0].trace_id, 16) for each in store.search(Criteria(lookback=ALWAYS, limit=1000, **asked))]


def test_what_was_acknowledged_outlives_a_kill(tmp_path):
    """A backend killed in the middle of ingest has every acknowledged trace at its next start, by id and by search."""
    path, acknowledged = tmp_path / "traces.db", []
    for turn in range(3):
        port, otlp = process.free_ports(2)
        command = [
            "-P",
            "-m",
            "lab.cli",
            "backend",
            "--port",
            str(port),
            "--otlp-port",
            str(otlp),
            "--store",
            str(path),
        ]
        child = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
        process.wait_until(lambda port=port: process.answers(f"http://127.0.0.1:{port}/health"), 20)
        killing = threading.Timer(0.5, child.send_signal, [signal.SIGKILL if hasattr(signal, "SIGKILL") else 15])
        killing.start()
        number = turn * 100_000
        try:
            while True:
                number += 1
                if post_json(f"http://127.0.0.1:{port}/api/v2/spans", spans(number)).status == 202:
                    acknowledged.append(number)
        except OSError:  # it is gone
            child.wait()
        killing.join()
    store = Store(path)
    assert acknowledged
    assert all(len(store.spans(f"{number:x}")) == 3 for number in acknowledged)
    last = acknowledged[-1] * 1000 + 1_700_000_000_000_000
    assert set(acknowledged[-5:]) <= set(found(store, until=last + 5_000_000))
    assert store.services() == ["order"]
    store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_queries_read_what_was_acknowledged(tmp_path):
    """As soon as a batch is acknowledged it is found by id, by search, by name and by tag."""
    store = Store(tmp_path / "traces.db")
    for number in range(1, 30):
        store.append(batch(spans(number, tags={"sku": f"tea {number}"}))).result()
        assert len(store.spans(f"{number:x}")) == 3
        assert found(store, tags={"sku": f"tea {number}"}) == [number]
        assert found(store)[0] == number
    assert store.names("ORDER") == ["step 1", "step 2", "step 3"]
    store.close()


def test_the_oldest_traces_make_room_whole(tmp_path):
    """Above the size the oldest traces go, none is left in halves, and what went is counted; the newest stays."""
    limits = Limits(size=2_000_000, segment_spans=200)
    store = Store(tmp_path / "traces.db", limits)
    filler = {"tags": {"filler": "x" * 3000}}
    for number in range(1, 400):
        store.append(batch(spans(number, **filler)[:1])).result()
        before = number - 20
        if before > 0:  # late spans of an older trace: it lies in two segments then
            store.append(batch(spans(before, **filler)[1:])).result()
    process.wait_until(lambda: store.counts.dropped > 0 and store.condition().size <= limits.size, 20)
    kept = found(store)
    assert 1 not in kept
    assert 399 in kept
    assert {len(store.spans(f"{number:x}")) for number in kept if number < 380} == {3}
    assert store.condition().spans + store.counts.dropped == store.counts.received
    store.close()


def test_names_go_with_their_traces(tmp_path):
    """A service whose traces were all dropped is offered no more."""
    store = Store(tmp_path / "traces.db", Limits(size=1_500_000, segment_spans=50))
    store.append(batch(spans(1, service="gone", count=50))).result()
    assert store.services() == ["gone"]
    for number in range(2, 200):
        store.append(batch(spans(number, tags={"filler": "x" * 5000}))).result()
    process.wait_until(lambda: store.services() == ["order"], 20)
    store.close()


def test_what_is_too_old_is_dropped(tmp_path):
    """A segment goes once all of it is older than the age that is kept."""
    store = Store(tmp_path / "traces.db", Limits(age=0.1, segment_spans=3))
    store.append(batch(spans(1))).result()
    store.append(batch(spans(2))).result()
    process.wait_until(lambda: not store.spans("1"), 20)
    assert store.counts.dropped >= 3
    store.close()


def test_a_full_disk_is_said_to_the_sender(tmp_path):
    """Where the file cannot grow the sender hears it; what was kept stays readable, and room lets it go on."""
    store = Store(tmp_path / "traces.db")
    store.append(batch(spans(1))).result()
    assert found(store) == [1]
    store._writer._connection.execute("PRAGMA max_page_count = 20")
    refused = 0
    for number in range(2, 40):
        try:
            store.append(batch(spans(number, tags={"filler": "x" * 9000}))).result()
        except Full:
            refused += 1
    assert refused
    assert len(store.spans("1")) == 3
    store._writer._connection.execute("PRAGMA max_page_count = 100000")
    store.append(batch(spans(50))).result()
    process.wait_until(lambda: 50 in found(store), 20)
    store.close()


def test_too_much_at_once_is_turned_away(tmp_path, monkeypatch):
    """Above what may wait a batch is turned away and counted; all that was taken is kept."""
    monkeypatch.setattr("backend.writer._MOST_PENDING", 3000)
    store = Store(tmp_path / "traces.db")
    taken, futures = [], []
    for number in range(1, 200):
        try:
            futures.append(store.append(batch(spans(number))))
            taken.append(number)
        except Busy:
            pass
    wait(futures)
    assert store.counts.turned_away == 199 - len(taken) > 0
    assert sorted(found(store)) == taken
    store.close()


def test_one_span_a_request_is_indexed_too(tmp_path):
    """More tiny batches than one statement takes rows are found all the same."""
    store = Store(tmp_path / "traces.db")
    wait([store.append(batch(spans(number, count=1))) for number in range(1, 1500)])
    assert len(found(store)) == 1000
    assert len(store.spans("1")) == 1
    store.close()


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be one" * 50, b"SQLite format 3\0" + b"\1" * 5000]
)
def test_another_file_is_refused_and_left_alone(tmp_path, content):
    """What is no store is refused with a sentence, and not a byte of it is changed."""
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(file.Unusable, match="is not a store of traces") as raised:
        Store(path)
    assert raised.value.exit_code == 2
    assert path.read_bytes() == content


def test_another_programs_database_is_refused(tmp_path):
    """A SQLite file of another program is refused, and left as it is."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (a)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(file.Unusable, match="but not a store of traces"):
        Store(path)
    assert path.read_bytes() == before


def test_a_newer_store_is_refused(tmp_path):
    """A store that a newer version wrote is refused, and left as it is."""
    path = tmp_path / "traces.db"
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {file.VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(file.Unusable, match="written by a newer tracelab"):
        Store(path)
    assert path.read_bytes() == before


def test_a_cut_store_is_refused(tmp_path):
    """A store that lost its end is refused, and left as it is."""
    path = tmp_path / "traces.db"
    store = Store(path)
    store.append(batch(*(spans(number, tags={"filler": "x" * 2000}) for number in range(1, 50)))).result()
    store.close()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    before = path.read_bytes()
    with pytest.raises(file.Unusable, match="broken"):
        Store(path)
    assert path.read_bytes() == before


def test_one_backend_a_store(tmp_path):
    """A second backend on the same store is told so; when the first has ended, it is taken."""
    path = tmp_path / "traces.db"
    first = Store(path)
    with pytest.raises(file.Unusable, match="in use by another"):
        Store(path)
    first.close()
    Store(path).close()


def test_traces_that_share_half_of_their_id_stay_apart(tmp_path):
    """Two traces whose ids end alike are two, by id and by search."""
    store = Store(tmp_path / "traces.db")
    store.append(batch(spans(5), [{**each, "traceId": f"{(1 << 64) + 5:032x}"} for each in spans(5, count=2)])).result()
    assert len(store.spans("5")) == 3
    assert len(store.spans(f"{(1 << 64) + 5:x}")) == 2
    assert len(found(store)) == 2
    store.close()


def test_ingest_answers_busy_with_a_time_to_retry(tmp_path, monkeypatch):
    """Over HTTP a batch that is turned away is a 503 with Retry-After."""
    from tests.backend.running import builtin

    monkeypatch.setattr("backend.writer._MOST_PENDING", 0)
    with builtin() as here:
        answer = post_json(here.zipkin_endpoint, spans(1))
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert "tracelab_batches_turned_away_total 1" in ask(f"{here.query_url}/metrics").text


def test_a_mistake_of_ours_is_said(tmp_path, monkeypatch):
    """If writing ends by a mistake, senders hear of it at once, nothing hangs, and /health is down."""
    from tests.backend.running import builtin

    def broken(*_):
        raise RuntimeError("a mistake")

    monkeypatch.setattr("backend.segment.write", broken)
    with builtin() as here:
        post_json(here.zipkin_endpoint, spans(1))
        process.wait_until(lambda: ask(f"{here.query_url}/health").status == 503, 20)
        assert ask(f"{here.query_url}/health").json["failure"] == "RuntimeError: a mistake"
        answer = post_json(here.zipkin_endpoint, spans(2))
        assert (answer.status, "RuntimeError: a mistake" in answer.text) == (503, True)
        assert ask(f"{here.query_url}/api/v2/services").status == 200


def test_a_drop_that_was_cut_is_finished(tmp_path):
    """What a killed process had dropped of the index is gone from the file at the next start."""
    path = tmp_path / "traces.db"
    store = Store(path, Limits(segment_spans=3))
    for number in (1, 2, 3):
        store.append(batch(spans(number))).result()
        assert found(store)
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE part_1")
        connection.execute("DROP TABLE moment_1")
        connection.execute("DELETE FROM sieve WHERE segment = 1")
        connection.execute("DELETE FROM segment WHERE id = 1")
    connection.close()
    again = Store(path)
    assert found(again) == [3, 2]
    again.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM batch").fetchone() == (2,)
    connection.close()


def test_close_waits_for_what_was_taken(tmp_path):
    """What was handed over before the end is on disk after it."""
    path = tmp_path / "traces.db"
    store = Store(path)
    futures = [store.append(batch(spans(number))) for number in range(1, 50)]
    store.close()
    assert all(future.result() for future in futures)
    again = Store(path)
    began = time.monotonic()
    assert len(found(again)) == 49
    assert time.monotonic() - began < 60
    again.close()
