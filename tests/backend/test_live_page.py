"""The live tail in a real browser: traces appear as they are sent and grow, and the stream ends and begins anew."""

from __future__ import annotations

import http.client
import json
import re
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from backend import command
from backend.store import Store
from tests.backend import recent
from tests.backend.browser import page
from tests.backend.running import builtin, post_json


@pytest.fixture(scope="module")
def here():
    """A backend."""
    with builtin() as found:
        yield found


@contextmanager
def tail(window, url, query="", **options):
    """Open a page at the tail, and wait until it listens."""
    with page(window, **options) as opened:
        opened.goto(f"{url}/live{query}")
        expect(opened.locator("#state")).to_have_text("Connected", timeout=20_000)
        yield opened


@contextmanager
def stream(url, path="/live/events", **headers):
    """Read events by hand: gives the response, whose lines come as they are sent."""
    connection = http.client.HTTPConnection(str(urlsplit(url).netloc), timeout=20)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        yield connection.getresponse()
    finally:
        connection.close()


def event(response):
    """Read on to the next event's id and data."""
    mark = 0
    for line in response:
        if line.startswith(b"id: "):
            mark = int(line[4:])
        if line.startswith(b"data: "):
            return mark, json.loads(line[6:])
    return None


def send(here, *spans):
    """Post spans."""
    assert post_json(here.zipkin_endpoint, spans).status == 202


def test_a_trace_sent_while_it_is_open_appears_and_grows(window, here):
    """A trace stands in the list once its first span came, says more as others come, and leads to its page."""
    with tail(window, here.query_url) as opened:
        expect(opened.get_by_role("heading", name="Waiting for traces")).to_be_visible()
        send(here, recent.span("a1", 2, 1, "order", "create", took=1_000))
        line = opened.locator("#lines li")
        expect(line).to_contain_text("1 span")
        send(here, recent.span("a1", 1, None, "gateway", "post /orders", took=500_000, tags={"error": "x"}))
        expect(line).to_contain_text("2 spans")
        expect(line).to_contain_text("1 error")
        expect(line.locator(".request")).to_have_text("gateway post /orders")
        expect(line).to_have_count(1)
        expect(opened.locator("#seen")).to_have_text("1")
        expect(opened.locator("#failed")).to_have_text("1")
        expect(opened.locator("#lines")).to_have_attribute("aria-live", "off")
        line.click()
        expect(opened).to_have_url(re.compile(r"/trace/0*a1$"))


def test_markup_in_a_span_stays_text(window, here):
    """A name full of markup is shown as it is."""
    with tail(window, here.query_url) as opened:
        send(here, recent.span("e1", 1, None, recent.EVIL, recent.EVIL))
        expect(opened.locator("#lines .request span")).to_have_text(recent.EVIL)
        assert opened.locator("main img").count() == 0


def test_a_pause_holds_the_list_still(window, here):
    """While paused nothing moves and what came is counted; going on shows it."""
    with tail(window, here.query_url) as opened:
        opened.get_by_role("button", name="Pause").click()
        send(here, recent.span("b1", 1, None, "web", "paused"), recent.span("b2", 1, None, "web", "paused"))
        expect(opened.locator("#held")).to_have_text("2 held while paused")
        expect(opened.locator("#lines li")).to_have_count(0)
        opened.get_by_role("button", name="Go on").click()
        expect(opened.locator("#lines li")).to_have_count(2)
        expect(opened.locator("#held")).to_be_hidden()
        opened.get_by_role("button", name="Clear").click()
        expect(opened.locator("#lines li")).to_have_count(0)


def test_the_filters_are_part_of_the_link(window, here):
    """A service and errors only are asked for in the form, and what does not pass is not shown."""
    with tail(window, here.query_url) as opened:
        opened.get_by_label("With the service").fill("Payment")
        opened.get_by_label("Errors only").check()
        opened.get_by_role("button", name="Filter").click()
        opened.wait_for_url(re.compile(r"service=Payment&errors=on"))
        expect(opened.locator("#state")).to_have_text("Connected")
        send(here, *recent.calls("c1", "web", "payment"), *recent.calls("c2", "web", "order", tags={"error": "x"}))
        send(here, *recent.calls("c3", "web", "payment", tags={"error": "x"}))
        expect(opened.locator("#lines li")).to_have_count(1)
        expect(opened.locator("#lines .request")).to_have_attribute("href", re.compile("c3$"))


def test_the_list_is_bounded(window, here):
    """At most 200 lines stand on the page, and traces that came too many at once are counted."""
    with tail(window, here.query_url) as opened:
        for batch in range(9):
            send(here, *(recent.span(f"{batch + 1:x}{number:03x}", 1, None, "web", "many") for number in range(1, 41)))
            last = opened.locator(f"#lines a[href$='{batch + 1:x}028']")
            expect(last).to_have_count(1)
        expect(opened.locator("#lines li")).to_have_count(200)
        expect(opened.locator("#untold")).to_be_hidden()
        send(here, *(recent.span(f"ff{number:03x}", 1, None, "web", "more") for number in range(1, 81)))
        expect(opened.locator("#untold b")).to_have_text("30")


def test_a_reader_that_comes_back_misses_nothing(here):
    """With the last event's id the stream goes on behind it; without one it begins now."""
    with stream(here.query_url) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        mark, first = event(response)
        assert first == {}
    send(here, recent.span("d1", 1, None, "web", "between"))
    with stream(here.query_url, Last_Event_ID=str(mark)) as response:
        news = event(response)[1] or event(response)[1]  # the first tells the mark where nothing is indexed yet
        assert [line["trace_id"].lstrip("0") for line in news["traces"]] == ["d1"]
    for nonsense in ("x", "9" * 40, "-1"):
        with stream(here.query_url, Last_Event_ID=nonsense) as response:
            assert event(response)[1] == {}


def test_an_open_tail_does_not_hold_up_the_end(caplog):
    """A server that is told to end says goodbye to its listeners, and need not cut them off."""
    with builtin() as found:
        connection = http.client.HTTPConnection(str(urlsplit(found.query_url).netloc), timeout=20)
        connection.request("GET", "/live/events")
        response = connection.getresponse()
        assert event(response) is not None
    assert event(response) is None
    connection.close()
    assert caplog.records == []


@contextmanager
def served(port):
    """Serve an empty backend on a port, 0 for any; gives the port."""
    store, listening = Store(), command.listen(port, "--port")
    server = command.server(store)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        store.close()


def test_the_tail_goes_on_after_the_backend_was_started_anew(window):
    """When the backend goes the page says so, and when it is back, with an empty store, traces appear again."""
    with page(window) as opened:
        with served(0) as port:
            opened.goto(f"http://127.0.0.1:{port}/live")
            expect(opened.locator("#state")).to_have_text("Connected")
            here = f"http://127.0.0.1:{port}/api/v2/spans"
            post_json(here, [recent.span(f"{number:x}", 1, None, "web", "before") for number in range(1, 4)])
            expect(opened.locator("#lines li")).to_have_count(3)
        expect(opened.locator("#state")).to_contain_text("does not answer")
        with served(port):
            expect(opened.locator("#state")).to_have_text("Connected", timeout=20_000)
            post_json(here, [recent.span("a2", 1, None, "web", "after")])
            expect(opened.locator("#lines li", has_text="after")).to_have_count(1)
