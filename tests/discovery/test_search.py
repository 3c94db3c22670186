"""All traces of a window are read from every backend, however many there are, none twice and none left out."""

from __future__ import annotations

import random
import threading
import time

import pytest

from discovery import client, search
from discovery.search import Overflow
from tests.backend.running import builtin, post_json


@pytest.fixture
def began():
    """A moment some hours ago that no other test uses, in microseconds since the epoch."""
    return (int(time.time()) - random.randrange(3, 20) * 3600) * 1_000_000 + random.randrange(10**9)


def _call(trace_id, start, *, late=500):
    """Make a client's span and its answer `late` microseconds later, as Zipkin's senders spell them."""
    client_span = {"traceId": trace_id, "id": "1" * 16, "kind": "CLIENT", "name": "ask", "timestamp": start}
    server_span = {"traceId": trace_id, "id": "2" * 16, "parentId": "1" * 16, "kind": "SERVER", "name": "answer"}
    return [
        client_span | {"duration": late + 1_000, "localEndpoint": {"serviceName": "searcher"}},
        server_span | {"timestamp": start + late, "duration": 300, "localEndpoint": {"serviceName": "searched"}},
    ]


def _ids(number):
    return [f"{random.getrandbits(127) | 1 << 126:032x}" for _ in range(number)]


def _sent(to, spans):
    """Send spans, and wait until the last of them can be read."""
    for at in range(0, len(spans), 2000):
        assert post_json(to.zipkin_endpoint, spans[at : at + 2000]).status == 202
    at = client.probe(to.query_url)
    client.read(at, spans[-1]["traceId"], expected=2, wait=20)
    return at


def test_more_traces_than_an_answer_holds(backend, began):
    """Three thousand traces of three seconds, asked for at once: each is there once, whole, oldest first."""
    ids = _ids(3_000)
    at = _sent(backend, [span for number, each in enumerate(ids) for span in _call(each, began + number * 1_000)])
    found = search.window(at, began / 1e6, began / 1e6 + 3)
    assert [trace.trace_id for trace in found] == ids
    assert {len(trace.spans) for trace in found} == {2}


def test_the_borders_of_a_window(backend, began):
    """A trace counts by any of its spans; what has none in the window, be it by a hair, is left out."""
    before, across, inside, last, after = ids = _ids(5)
    starts = (0, 900_000, 1_500_000, 2_000_000, 2_000_001)
    at = _sent(
        backend,
        [
            span
            for trace_id, start in zip(ids, starts, strict=True)
            for span in _call(trace_id, began + start, late=200_000 if trace_id == across else 500)
        ],
    )
    found = search.window(at, (began + 1_000_000) / 1e6, (began + 2_000_000) / 1e6)
    assert [trace.trace_id for trace in found] == [across, inside, last]
    assert before not in found
    assert after not in found


def test_nothing_there(backend, began):
    """A window in which nothing began is empty, and no error."""
    at = _sent(backend, _call(_ids(1)[0], began))
    assert search.window(at, began / 1e6 + 100, began / 1e6 + 101) == []
    assert search.window(at, -5, 0) == []


def test_more_at_one_moment_than_an_answer_holds(began):
    """Where a thousand traces began in one moment, it is said that they cannot all be had: exit code 4."""
    with builtin() as here:
        at = _sent(here, [span for each in _ids(1_200) for span in _call(each, began)])
        with pytest.raises(Overflow, match="1000 traces or more within 1 ms") as raised:
            search.window(at, began / 1e6 - 1, began / 1e6 + 1)
    assert raised.value.exit_code == 4


def test_settled_waits_for_late_spans():
    """What services flush one after the other is all there, and a window of long ago is not waited for."""
    now = int(time.time() * 1e6)
    spans = [span for each in _ids(4) for span in _call(each, now)]
    with builtin() as here:
        at = client.probe(here.query_url)

        def send():
            for each in spans:
                post_json(here.zipkin_endpoint, [each])
                time.sleep(0.1)

        late = threading.Thread(target=send)
        late.start()
        found = search.settled(at, now / 1e6 - 1, now / 1e6 + 1, 20)
        late.join()
        assert sorted(len(trace.spans) for trace in found) == [2, 2, 2, 2]
        assert search.settled(at, 1, 2) == []
