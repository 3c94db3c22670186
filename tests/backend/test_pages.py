"""The pages keep what a span says as text, take other tools' links, and answer to their own host name only."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest

from tests.backend.running import ask, builtin, post_json
from tests.discovery import forms

EVIL = "<script>alert(1)</script>'\""


@pytest.fixture(scope="module")
def here():
    """A backend with the small trace, and one full of markup."""
    with builtin(hosts=["lab.example"]) as found:
        post_json(found.zipkin_endpoint, forms.zipkin())
        endpoint = {"serviceName": EVIL}
        evil = {
            "traceId": "e",
            "id": "1",
            "name": EVIL,
            "timestamp": 5,
            "duration": 9,
            "tags": {EVIL: EVIL, "error": EVIL},
        }
        evil |= {"localEndpoint": endpoint, "annotations": [{"timestamp": 7, "value": EVIL}]}
        post_json(found.zipkin_endpoint, [evil])
        yield found


def test_markup_in_a_span_stays_text(here):
    """Whatever a sender puts into names and tags is shown as text, and no page may run a script at all."""
    for path in ("/?lookback=all", "/trace/e"):
        answer = ask(here.query_url + path)
        assert EVIL not in answer.text
        assert "&lt;script&gt;" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_zipkins_deep_link_leads_to_the_page(here):
    """A link as Zipkin's page has it arrives at the trace, though ids may be padded."""
    assert "post /orders" in ask(f"{here.query_url}/zipkin/traces/{forms.TRACE_ID}").text
    assert ask(f"{here.query_url}/zipkin/traces/{'0' * 31}e").status == 200


def test_a_trace_that_is_not_here_has_a_page(here):
    """An unknown id is a 404 whose page says what may have happened."""
    answer = ask(f"{here.query_url}/trace/feed")
    assert answer.status == 404
    assert "No such trace" in answer.text


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:9411", 200),
        ("localhost", 200),
        ("LOCALHOST:80", 200),
        ("[::1]:9411", 200),
        ("[::1]", 200),
        ("lab.example:9411", 200),
        ("rebound.example:9411", 403),
        ("127.0.0.1.rebound.example", 403),
        ("", 403),
    ],
)
def test_only_its_own_host_name(here, host, status):
    """A page of a name that was made to lead here reads nothing: other Host headers are refused on every path."""
    for path in ("/", "/api/v2/services", "/nothing"):
        connection = http.client.HTTPConnection(str(urlsplit(here.query_url).netloc), timeout=10)
        connection.putrequest("GET", path, skip_host=True)
        connection.putheader("Host", host)
        connection.endheaders()
        response = connection.getresponse()
        response.read()
        connection.close()
        assert response.status == (404 if status == 200 and path == "/nothing" else status)


def test_a_trace_too_large_to_be_read_whole_says_so(monkeypatch):
    """Of a trace with more spans than are read the page shows some, and says how many there are besides."""
    monkeypatch.setattr("backend.reader.MOST_SPANS", 5)
    monkeypatch.setattr("backend.store.MOST_SPANS", 5)
    with builtin() as large:
        for number in range(1, 21):
            span = {"traceId": "abc", "id": f"{number:x}", "timestamp": number, "duration": 1}
            assert post_json(large.zipkin_endpoint, [span]).status == 202
        assert len(ask(f"{large.query_url}/api/v2/trace/abc").json) == 5
        assert "15 more spans of this trace are kept, too many to be read." in ask(f"{large.query_url}/trace/abc").text
