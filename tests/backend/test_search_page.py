"""The search page in a real browser: what each field finds, what a link remembers, and where a click leads."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.backend import recent
from tests.backend.browser import page
from tests.backend.running import builtin, post_json


@pytest.fixture(scope="module")
def here():
    """A backend with four traces."""
    with builtin() as found:
        assert post_json(found.zipkin_endpoint, recent.several()).status == 202
        yield found


@pytest.fixture
def tab(window, here):
    """A page at the search, in a reader's time zone that is not the server's."""
    with page(window, base_url=here.query_url, timezone_id="Asia/Seoul") as opened:
        opened.goto("/")
        yield opened


def found(tab):
    """The ids of the listed traces, in their order, without their padding."""
    links = tab.locator(".results .request")
    return [links.nth(number).get_attribute("href").rpartition("/")[2].lstrip("0") for number in range(links.count())]


def asked(tab):
    """The fields of the page's address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(tab.url).query).items()}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["e4", "b2", "a1"]),
        ({"service": "order"}, ["a1"]),
        ({"service": "Gateway", "operation": "GET /products"}, ["b2"]),
        ({"service": "order", "remote": "payment"}, ["a1"]),
        ({"tags": "http.response.status_code=503 and error"}, ["a1"]),
        ({"tags": 'error="lock and wait"'}, ["a1"]),
        ({"tags": "cached"}, ["b2"]),
        ({"min": "0.1s"}, ["a1"]),
        ({"max": "5ms", "service": "gateway"}, ["b2"]),
        ({"min": "10ms", "max": "50ms"}, ["e4"]),
        ({"lookback": "6h"}, ["e4", "b2", "a1", "c3"]),
        ({"lookback": "all", "service": "batch"}, ["c3"]),
        ({"limit": "1"}, ["e4"]),
        ({"errors": "on"}, ["a1"]),
    ],
)
def test_each_field_narrows_the_search_and_the_link_has_it(tab, fields, expected):
    """What is filled in is searched for; the address that results holds it, and shows the same to whoever opens it."""
    for name, value in fields.items():
        if name == "lookback":
            tab.select_option(f"#{name}", value)
        elif name == "errors":
            tab.get_by_label("Errors only").check()
        else:
            tab.fill(f"#{name}", value)
    tab.click("text=Find traces >> visible=true >> nth=-1")
    tab.wait_for_url(re.compile(r"lookback="))
    assert found(tab) == expected
    assert fields.items() <= asked(tab).items()
    assert "" not in asked(tab).values()
    assert "since" not in asked(tab)
    tab.reload()
    assert found(tab) == expected
    for name in fields.keys() - {"errors"}:
        assert tab.input_value(f"#{name}") == fields[name]


def test_a_line_says_what_the_trace_was(tab):
    """A result has its root, duration, spans, errors, each service with its spans, and how long ago it was."""
    line = tab.locator(".results li", has_text="post /orders")
    expect(line).to_contain_text("gateway post /orders")
    expect(line.locator(".duration")).to_have_text("200 ms")
    expect(line.locator(".parts")).to_contain_text(re.compile(r"3 spans\s+1 error\s*gateway 1\s*order 2"))
    expect(line.locator("time")).to_contain_text("5 minutes ago")
    expect(line.locator(".bar rect")).to_have_attribute("width", "100.00%")


def test_a_result_opens_its_trace(tab):
    """A click anywhere on the line leads to the trace."""
    tab.locator(".results li", has_text="post /orders").click(position={"x": 600, "y": 30})
    expect(tab).to_have_url(re.compile(r"/trace/0*a1$"))


def test_a_dot_opens_its_trace(tab):
    """A dot stands for each trace, red for errors, says what it is when pointed at, and leads to it."""
    expect(tab.locator(".plot .dot")).to_have_count(3)
    dot = tab.locator(".plot a.failed")
    expect(dot).to_have_count(1)
    dot.hover()
    expect(tab.get_by_role("tooltip")).to_contain_text("gateway post /orders, 200 ms, 3 spans, 1 error")
    dot.click()
    expect(tab).to_have_url(re.compile(r"/trace/0*a1$"))


def test_the_keyboard_reaches_every_dot(tab):
    """The plot is one stop; the arrows go through the dots by time, and Enter opens one."""
    expect(tab.locator(".plot a")).to_have_count(3)
    tab.locator("#scale").press("Tab")
    expect(tab.locator(".plot a").first).to_be_focused()
    tab.keyboard.press("ArrowRight")
    expect(tab.get_by_role("tooltip")).to_contain_text("get /products")
    tab.keyboard.press("End")
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(re.compile(r"/trace/0*b2$"))


def test_drawing_over_a_range_narrows_the_search(tab):
    """A range drawn in the plot becomes the search's, in UTC in the address and local in the form."""
    plot = tab.locator(".plot svg").bounding_box()
    middle = plot["y"] + plot["height"] / 2 + 20
    tab.mouse.move(plot["x"] + plot["width"] / 2, middle)
    tab.mouse.down()
    tab.mouse.move(plot["x"] + plot["width"] - 30, middle, steps=4)
    tab.mouse.up()
    tab.wait_for_url(re.compile("lookback=custom"))
    assert found(tab) == ["e4", "b2"]
    assert asked(tab)["since"].endswith("Z")
    assert tab.input_value("#since")[:13] != asked(tab)["since"][:13]
    expect(tab.locator("label[for=since]")).to_have_text("From (local time)")
    before = asked(tab)
    tab.get_by_role("button", name="Find traces").click()
    tab.wait_for_url(re.compile("sort="))
    assert {name: asked(tab)[name] for name in before} == before


def test_the_scale_is_part_of_the_link(tab):
    """A click makes the plot linear, and the link remembers it."""
    assert tab.locator(".plot svg text", has_text="0 µs").count() == 0
    tab.get_by_role("button", name="Linear scale").click()
    assert asked(tab) == {"scale": "linear"}
    tab.reload()
    expect(tab.get_by_role("button", name="Linear scale")).to_have_attribute("aria-pressed", "true")
    tab.get_by_role("link", name="longest").click()
    expect(tab).to_have_url(re.compile("scale=linear"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("longest", ["a1", "e4", "b2"]),
        ("most spans", ["a1", "b2", "e4"]),
        ("most errors", ["a1", "e4", "b2"]),
        ("latest", ["e4", "b2", "a1"]),
    ],
)
def test_the_results_can_be_sorted(tab, words, expected):
    """Each order is a link."""
    tab.get_by_role("link", name=words).click()
    expect(tab.locator(".sorts [aria-current]")).to_have_text(words)
    assert found(tab) == expected


def test_two_results_can_be_compared(tab):
    """Two chosen traces lead to the comparison; a third one takes the place of the first."""
    boxes = tab.locator(".results [type=checkbox]")
    boxes.nth(0).check()
    expect(tab.get_by_role("button", name="Compare")).to_be_disabled()
    boxes.nth(1).check()
    boxes.nth(2).check()
    expect(boxes.nth(0)).not_to_be_checked()
    tab.get_by_role("button", name="Compare").click()
    tab.wait_for_url(re.compile("/compare"))
    assert {name: value.lstrip("0") for name, value in asked(tab).items()} == {"a": "b2", "b": "a1"}


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("min", "100", "Expected a number and its unit"),
        ("max", "soon", "Expected a number and its unit"),
        ("max", "1us", "The longest duration is below the shortest."),
        ("limit", "0", "Expected a whole number from 1 to 1000."),
        ("tags", 'error="open', "A double quote is never closed."),
        ("tags", "=503", "A key is missing"),
        ("tags", "error and", "A condition is missing"),
    ],
)
def test_wrong_input_is_told_beside_its_field(tab, field, typed, sentence):
    """A field that cannot be read has a sentence that assistive technology reads with it; what was typed stays."""
    tab.fill("#min", "2ms")
    tab.fill("#service", "gateway")
    tab.fill(f"#{field}", typed)
    tab.get_by_role("button", name="Find traces").click()
    expect(tab.locator(f"#{field}-mistake")).to_contain_text(sentence)
    expect(tab.locator(f"#{field}")).to_have_attribute("aria-describedby", re.compile(f"{field}-mistake"))
    expect(tab.get_by_role("alert")).to_contain_text("Nothing was searched for")
    assert tab.input_value(f"#{field}") == typed
    assert tab.input_value("#service") == "gateway"


@pytest.mark.parametrize("query", ["since=x", "since=2026-01-02&until=2026-01-01", "since=2026-01-01&until=9999-99-99"])
def test_a_range_that_cannot_be_read(tab, query):
    """A custom range without its ends, turned around or of no date is told beside the lookback."""
    tab.goto(f"/?lookback=custom&{query}")
    expect(tab.locator("#lookback-mistake")).to_be_visible()


def test_the_operations_follow_the_service(tab):
    """Once a service is typed its own operations and remote services are offered."""
    tab.fill("#service", "order")
    tab.locator("#service").press("Tab")
    expect(tab.locator("#operations option")).to_have_count(2)
    expect(tab.locator("#remotes option")).to_have_attribute("value", "payment")


def test_where_nothing_matches_the_page_says_what_to_widen(tab):
    """A search without results offers to leave out each thing asked for, and the link does so."""
    tab.goto("/?service=batch&max=1ms&lookback=15m")
    expect(tab.get_by_role("heading", name="No trace matches")).to_be_visible()
    tab.get_by_role("link", name="look back on all that is kept").click()
    tab.get_by_role("link", name="longer ones than 1ms as well").click()
    expect(tab.locator(".results li")).to_have_count(1)
    assert found(tab) == ["c3"]


def test_an_empty_backend_says_how_to_begin(window):
    """Without any trace the page says where spans are sent."""
    with builtin() as empty, page(window) as opened:
        opened.goto(empty.query_url)
        expect(opened.get_by_role("heading", name="No traces yet")).to_be_visible()
        expect(opened.locator("main")).to_contain_text(f"OTEL_EXPORTER_OTLP_ENDPOINT={empty.query_url}")


def test_markup_in_a_span_stays_text(tab):
    """A name full of markup is shown as it is, in the line and in the dot's words."""
    expect(tab.locator(".results .request span", has_text="onerror")).to_have_text(recent.EVIL)
    assert tab.locator("main img").count() == 0
    tab.locator(".plot a").last.focus()
    expect(tab.get_by_role("tooltip")).to_contain_text(recent.EVIL)


@pytest.mark.parametrize("typed", ["a1", " /trace/a1/", "http://127.0.0.1:9411/zipkin/traces/a1"])
def test_the_box_opens_a_trace_by_its_id(tab, typed):
    """An id, alone or in a link, leads to its trace."""
    tab.get_by_label("Trace id").fill(typed)
    tab.get_by_role("button", name="Open").click()
    expect(tab).to_have_url(re.compile("/trace/a1$"))


def test_the_search_needs_no_script(window, here):
    """Without script the form searches and the results are there, in UTC."""
    with page(window, base_url=here.query_url, java_script_enabled=False) as opened:
        opened.goto("/?service=order")
        assert found(opened) == ["a1"]
        expect(opened.locator(".results time")).to_have_text(re.compile("Z$"))


def test_a_small_screen_has_it_all(window, here):
    """At 390 pixels nothing stands out of the page."""
    with page(window, base_url=here.query_url, viewport={"width": 390, "height": 800}) as opened:
        opened.goto("/?lookback=custom&since=2026-01-01&until=2100-01-01")
        expect(opened.locator(".plot .dot")).to_have_count(4)
        assert opened.evaluate("document.documentElement.scrollWidth") == 390
