"""The trace's page in a real browser: what it shows, what keys and the mouse do, and what its address remembers."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from discovery import document
from tests.backend import made
from tests.backend.browser import page
from tests.backend.running import ask, builtin, post_json
from tests.discovery import forms
from tests.discovery.making import tree

EVIL = "</script><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"
LONG = 10_000
S = made.span


def shop():
    """A root with a call that fails below a collapsible one, an unrelated sibling, a link and a log line."""
    log = {"timestamp": made.START + 31_000, "value": "card refused"}
    return [
        S(1, None, 0, 100_000, kind="SERVER", name="post /orders"),
        S(2, 1, 10_000, 60_000, name="pay"),
        S(3, 2, 20_000, 40_000, name="authorise", tags={"error": "timed out", "card.kind": "visa"}, annotations=[log]),
        S(4, 1, 70_000, 20_000, name="reserve", tags={"sku": "last-one"}),
        S(5, 4, 75_000, 5_000, name="commit", tags={"error": ""}),
    ]


def odd():
    """Whatever a sender may get wrong, and markup wherever text can stand."""
    endpoint = {"serviceName": EVIL}
    notes = [{"timestamp": made.START + 5, "value": EVIL}]
    return [
        S(1, None, 0, 0, traceId="0dd", name=""),
        S(2, 1, -50, 10, traceId="0dd", name="early"),
        S(3, 99, 0, 5, traceId="0dd", name="orphan"),
        S(4, 5, 1, 5, traceId="0dd", name="cycle a"),
        S(5, 4, 2, 5, traceId="0dd", name="cycle b"),
        S(6, 1, 3, 5, traceId="0dd", name="n" * 1000),
        S(7, 1, 4, 5, traceId="0dd", name="bell\u0007 and \u202eturned\u202c"),
        S(
            8,
            1,
            5,
            5,
            traceId="0dd",
            name=EVIL,
            localEndpoint=endpoint,
            tags={EVIL: EVIL, "error": EVIL},
            annotations=notes,
        ),
        S(
            9,
            1,
            6,
            5,
            traceId="0dd",
            name="keys",
            tags={"__proto__": "kept", "lines": "one\n\ttwo", "number": "9007199254740993"},
        ),
    ]


@pytest.fixture(scope="module")
def here():
    """A backend with the traces."""
    with builtin() as found:
        for spans in (shop(), odd(), made.long(LONG)[: LONG // 2], made.long(LONG)[LONG // 2 :], forms.zipkin()):
            assert post_json(found.zipkin_endpoint, spans).status == 202
        yield found


@pytest.fixture
def tab(here, window):
    """A page on the shop's trace."""
    with page(window, base_url=here.query_url) as opened:
        opened.goto("/trace/abc")
        yield opened


def row(tab, name):
    """The row of a span."""
    return tab.locator(".rows .row", has=tab.get_by_text(name, exact=True))


def names(tab):
    """The names in the rows, from top to bottom."""
    found = tab.evaluate(
        "[...document.querySelectorAll('.rows .row')].sort((one, other) => one.ariaRowIndex - other.ariaRowIndex)"
        ".map((row) => row.querySelector('a bdi:last-child').textContent)"
    )
    return list(found)


def test_the_head_says_what_it_is(tab):
    """Root, duration, spans, services, errors and id stand at the top; the id can be copied."""
    head = tab.locator(".trace-head")
    expect(head.get_by_role("heading")).to_have_text("order post /orders")
    for fact in ("100 ms", "5 spans", "5 services", "✗ 2 errors", "abc"):
        expect(head.get_by_text(fact, exact=True)).to_be_visible()
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    head.get_by_role("button", name="Copy the trace id").click()
    expect(head.get_by_text("Copied")).to_be_visible()
    assert tab.evaluate("navigator.clipboard.readText()") == "abc"


def test_rows_are_a_tree_with_times_and_a_path(tab):
    """Each span is a row with its level, duration and self time; what the end waited for is marked on its bar."""
    assert names(tab) == ["post /orders", "pay", "authorise", "reserve", "commit"]
    authorise = row(tab, "authorise")
    expect(authorise).to_have_attribute("aria-level", "3")
    expect(row(tab, "pay").locator(".time")).to_have_text("60.0 ms")
    expect(row(tab, "pay").locator(".self")).to_have_text("20.0 ms")
    expect(authorise.locator(".reason")).to_have_text("timed out")
    box = authorise.locator(".bar").bounding_box()
    track = authorise.locator(".track").bounding_box()
    assert box["width"] == pytest.approx(track["width"] * 0.4, abs=2)
    assert authorise.locator(".critical").bounding_box()["width"] == pytest.approx(box["width"], abs=2)


def test_collapse_and_expand(tab):
    """The sign closes a span and tells how many it hides, errors among them; levels and all go by button."""
    row(tab, "pay").locator(".toggle").click()
    assert names(tab) == ["post /orders", "pay", "reserve", "commit"]
    expect(row(tab, "pay")).to_have_attribute("aria-expanded", "false")
    expect(row(tab, "pay").locator(".failed-count")).to_have_text("✗ 1")
    tab.get_by_role("button", name="Expand all").click()
    assert len(names(tab)) == 5
    tab.get_by_role("button", name="Collapse one level").click()
    assert names(tab) == ["post /orders", "pay", "reserve"]
    tab.get_by_role("button", name="Collapse all").click()
    assert names(tab) == ["post /orders"]
    tab.get_by_role("button", name="Expand one level").click()
    assert names(tab) == ["post /orders", "pay", "reserve"]


def test_the_drawer_says_all(tab):
    """A click opens tags, the error, the log line with its time from the span's start, and the way to the parent."""
    row(tab, "authorise").click()
    drawer = tab.get_by_role("complementary", name="Span")
    expect(drawer.locator(".failure").first).to_have_text("✗ timed out")
    expect(drawer.get_by_role("row", name="card.kind visa")).to_be_visible()
    expect(drawer.locator(".event-said")).to_contain_text("11.0 ms card refused")
    assert tab.url.endswith("/trace/abc?span=0000000000000003")
    drawer.get_by_role("button", name="Go to parent").click()
    expect(drawer.get_by_role("heading", level=2)).to_contain_text("pay")
    tab.go_back()
    expect(drawer.get_by_role("heading", level=2)).to_contain_text("authorise")
    tab.go_back()
    expect(drawer).to_be_hidden()
    tab.go_forward()
    expect(drawer).to_be_visible()
    drawer.get_by_role("button", name="Close").click()
    expect(drawer).to_be_hidden()
    assert tab.url.endswith("/trace/abc")


def test_links_lead_to_other_spans_and_traces(here, window):
    """What OTLP alone says is in the drawer: scope, resource, status; a link here opens, one elsewhere leads."""
    request = forms.otlp()
    group = request["resourceSpans"][0]
    server, client = group["scopeSpans"][0]["spans"]
    for one in (server, client):
        one["traceId"] = "11" * 16
    client["links"] = [
        {"traceId": "11" * 16, "spanId": server["spanId"], "attributes": []},
        {"traceId": "22" * 16, "spanId": "0" * 15 + "5", "attributes": []},
    ]
    group["scopeSpans"][0]["scope"] = {"name": "http.client", "version": "1.2"}
    assert post_json(f"{here.otlp_endpoint}/v1/traces", request).status == 200
    with page(window, base_url=here.query_url) as tab:
        tab.goto(f"/trace/{'11' * 16}?span={client['spanId']}")
        drawer = tab.get_by_role("complementary", name="Span")
        expect(drawer).to_contain_text("http.client 1.2")
        expect(drawer.get_by_role("row", name="service.name order")).to_be_visible()
        expect(drawer.locator(".failure")).to_have_text("✗ out of stock")
        elsewhere = drawer.get_by_role("link", name=re.compile("of trace 2222"))
        expect(elsewhere).to_have_attribute("href", f"/trace/{'22' * 16}?span={'0' * 15}5")
        drawer.get_by_role("link", name="POST /orders").click()
        expect(drawer.get_by_role("heading", level=2)).to_contain_text("POST /orders")


def test_find_counts_and_walks(tab):
    """Find looks at names, services and tags, counts, and goes to each, through collapsed spans too."""
    tab.get_by_role("button", name="Collapse all").click()
    query = tab.get_by_role("searchbox", name="Find in the trace")
    tab.keyboard.press("/")
    expect(query).to_be_focused()
    query.fill("card.kind=VISA")
    expect(tab.locator(".count")).to_have_text("1 found")
    query.press("Enter")
    expect(row(tab, "authorise")).to_have_class(re.compile("match.*active"))
    query.fill("error=")
    expect(tab.locator(".count")).to_have_text("1 of 2")
    query.press("Enter")
    expect(tab.locator(".count")).to_have_text("2 of 2")
    tab.get_by_role("button", name="Previous found").click()
    expect(tab.locator(".count")).to_have_text("1 of 2")
    query.fill("nothing like it")
    expect(tab.locator(".count")).to_have_text("0 found")
    query.fill("payment")
    expect(tab.locator(".count")).to_have_text("1 found")


def test_errors_one_after_the_other(tab):
    """The button and the key n go to the next error and around the end, p back."""
    active = tab.locator(".row.active a bdi:last-child")
    tab.get_by_role("button", name="Next error").click()
    expect(active).to_have_text("authorise")
    tab.keyboard.press("n")
    expect(active).to_have_text("commit")
    tab.keyboard.press("n")
    expect(active).to_have_text("authorise")
    tab.keyboard.press("p")
    expect(active).to_have_text("commit")


def test_all_by_keyboard(tab):
    """Arrows or j and k move, left and right close, open and climb, Enter opens the drawer, Escape closes, ? helps."""
    grid = tab.get_by_role("treegrid", name="Spans")
    grid.focus()
    active = tab.locator(".row.active a bdi:last-child")
    expect(active).to_have_text("post /orders")
    for key, where in (
        ("j", "pay"),
        ("ArrowDown", "authorise"),
        ("ArrowLeft", "pay"),
        ("k", "post /orders"),
        ("End", "commit"),
    ):
        tab.keyboard.press(key)
        expect(active).to_have_text(where)
    expect(grid).to_have_attribute("aria-activedescendant", "row-4")
    tab.keyboard.press("Home")
    tab.keyboard.press("ArrowLeft")
    assert names(tab) == ["post /orders"]
    tab.keyboard.press("ArrowRight")
    assert len(names(tab)) == 5
    tab.keyboard.press("Enter")
    drawer = tab.get_by_role("complementary", name="Span")
    expect(drawer).to_be_visible()
    tab.keyboard.press("j")
    expect(drawer.get_by_role("heading", level=2)).to_contain_text("pay")
    tab.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    tab.keyboard.press("?")
    expect(tab.get_by_role("dialog", name="Keys")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_zoom_by_dragging(tab):
    """Dragging over the minimap shows that range: bars are to its scale, the axis says so, and Back undoes it."""
    box = tab.locator(".minimap").bounding_box()
    y = box["y"] + box["height"] / 2
    tab.mouse.move(box["x"] + box["width"] * 0.2, y)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] * 0.6, y, steps=4)
    tab.mouse.up()
    authorise = row(tab, "authorise")
    bar, track = authorise.locator(".bar").bounding_box(), authorise.locator(".track").bounding_box()
    assert bar["width"] == pytest.approx(track["width"], rel=0.03)
    expect(row(tab, "reserve").locator(".after")).to_be_visible()
    assert "zoom=" in tab.url
    tab.get_by_role("slider", name="Start of the range").press("ArrowLeft")
    assert int(re.search(r"zoom=(\d+)~", tab.url)[1]) < 19_000
    tab.go_back()
    tab.go_back()
    expect(tab.get_by_role("button", name="See all of the time again")).to_be_hidden()
    assert "zoom=" not in tab.url


def test_a_link_brings_back_what_was_shared(here, window):
    """An address with a span, a range and a search opens just so; a span that is not there is no error."""
    with page(window, base_url=here.query_url) as tab:
        tab.goto("/trace/abc?span=0000000000000003&zoom=20000~60000&find=visa")
        expect(tab.get_by_role("complementary", name="Span")).to_contain_text("card.kind")
        expect(tab.locator(".ticks span").first).to_have_text("20 ms")
        expect(tab.get_by_role("searchbox", name="Find in the trace")).to_have_value("visa")
        expect(row(tab, "authorise")).to_have_class(re.compile("match.*selected"))
        tab.goto("/trace/abc?span=nowhere&zoom=9~x&find=")
        expect(tab.locator(".rows .row")).to_have_count(5)


def test_what_is_odd_is_shown_and_said(here, window):
    """Clocks that disagree, lost parents, circles, no time at all, long and unprintable names: rows, and words."""
    with page(window, base_url=here.query_url) as tab:
        tab.goto("/trace/0dd")
        expect(tab.locator(".rows .row")).to_have_count(9)
        remarks = tab.locator(".trace-head .remark").all_text_contents()
        assert any("A parent never arrived" in remark for remark in remarks)
        assert any("clocks or start times disagree" in remark for remark in remarks)
        expect(row(tab, "bell⟨0007⟩ and ⟨202E⟩turned⟨202C⟩")).to_be_visible()
        long = row(tab, "n" * 1000)
        assert long.bounding_box()["height"] == pytest.approx(28, abs=1)
        row(tab, "early").click()
        drawer = tab.get_by_role("complementary", name="Span")
        expect(drawer).to_contain_text("It began 50 µs before its parent")
        row(tab, "keys").click()
        expect(drawer.get_by_role("row", name="__proto__ kept")).to_be_visible()
        expect(drawer.get_by_role("row", name="number 9007199254740993")).to_be_visible()
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_markup_in_spans_stays_text(here, window):
    """Names, services, tags, errors and log lines that hold markup are read as text; none becomes an element."""
    with page(window, base_url=here.query_url) as tab:
        tab.goto("/trace/0dd?span=0000000000000008")
        drawer = tab.get_by_role("complementary", name="Span")
        expect(drawer.locator(".pairs th").first).to_have_text(EVIL)
        expect(drawer.locator(".event-said")).to_contain_text(EVIL)
        assert tab.locator("img").count() == 0
        assert tab.evaluate("window.hacked") is None
        assert tab.locator("script:not([src]):not([type='application/json'])").count() == 0


def test_a_long_trace_keeps_the_document_small(here, window):
    """Of 10,000 spans the rows near the window are in the document; the end and any span are a key or a link away."""
    with page(window, base_url=here.query_url) as tab:
        tab.goto("/trace/10000")
        expect(tab.locator(".trace-head").get_by_text("10,000 spans")).to_be_visible()
        tab.get_by_role("treegrid", name="Spans").focus()
        tab.keyboard.press("End")
        expect(tab.locator(".row.active")).to_have_attribute("aria-rowindex", str(LONG + 1))
        expect(tab.locator(".row.active")).to_be_in_viewport()
        assert tab.locator("*").count() < 2000
        tab.get_by_role("searchbox", name="Find in the trace").fill("op 5000")
        expect(tab.locator(".count")).to_have_text("1 found")
        tab.keyboard.press("Enter")
        expect(tab.locator(".row.active a")).to_have_text(re.compile("op 5000$"))
        expect(tab.locator(".row.active")).to_be_in_viewport()
        tab.get_by_role("button", name="Collapse all").click()
        expect(tab.locator(".rows .row")).to_have_count(1)


def test_without_scripts_it_is_text(here, window):
    """A browser without scripts gets the waterfall as text, of a long trace a link to it; markup stays text."""
    with page(window, base_url=here.query_url, java_script_enabled=False) as tab:
        tab.goto("/trace/0dd")
        expect(tab.locator("pre.drawing")).to_contain_text("orphan")
        assert tab.locator("img").count() == 0
        tab.goto("/trace/10000")
        path = tab.get_by_role("link", name="See its waterfall as text").get_attribute("href")
    assert "critical path: the trace's end waited for it" in ask(f"{here.query_url}{path}").text


@pytest.mark.parametrize("form", ["zipkin", "jaeger", "otlp"])
def test_downloads_are_the_trace(here, window, form):
    """The trace saved in each form is the same trace when it is read back."""
    with page(window, base_url=here.query_url) as tab:
        tab.goto(f"/trace/{forms.TRACE_ID}")
        tab.get_by_text("JSON and download").click()
        with tab.expect_download() as saving:
            tab.get_by_role("link", name=re.compile(f"Download {form}", re.IGNORECASE)).click()
        assert saving.value.suggested_filename == f"{forms.TRACE_ID}.{form}.json"
        [saved] = document.load(str(saving.value.path()))
    [sent] = document.parse(json.dumps(forms.zipkin()))
    assert tree(saved) == tree(sent)


def test_a_form_or_a_trace_that_is_not_there(here):
    """Other forms, and ids that are not here, are refused with 404 and a sentence."""
    for path in ("/trace/abc/xml.json", "/trace/feed/otlp.json", "/trace/feed/text"):
        answer = ask(here.query_url + path)
        assert answer.status == 404
        assert answer.text.startswith("There is no ")


def test_a_trace_on_its_way_is_waited_for(here, window):
    """The page of a trace that has not come yet says so with 404, keeps looking, and shows it when it comes."""
    with page(window, base_url=here.query_url) as tab:
        answer = tab.goto("/trace/1a7e")
        assert answer is not None
        assert answer.status == 404
        expect(tab.get_by_role("status")).to_contain_text("looking again")
        post_json(here.zipkin_endpoint, [S(1, None, 0, 5, traceId="1a7e", name="late")])
        expect(row(tab, "late")).to_be_visible(timeout=15_000)


def test_durations_are_spelled_as_everywhere(tab):
    """The page's own spelling of durations is that of discovery/duration.py."""
    from discovery.duration import spelled

    sizes = [0, 1, 999, 1000, 1234, 9994, 9996, 99_960, 999_600, 1_000_000, 59_000_000, 299_000_000, 300_000_000]
    script = "async (sizes) => { const text = await import('/static/trace_text.js'); return sizes.map(text.spelled); }"
    assert tab.evaluate(script, sizes) == [spelled(size) for size in sizes]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_window_shows_all(here, window, scheme):
    """At 390 pixels nothing is wider than the window; the drawer is a sheet that leaves its row in sight."""
    with page(window, base_url=here.query_url, viewport={"width": 390, "height": 844}, color_scheme=scheme) as tab:
        tab.goto("/trace/abc")
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        row(tab, "commit").click()
        sheet = tab.get_by_role("complementary", name="Span").bounding_box()
        line = row(tab, "commit").bounding_box()
        assert line["y"] + line["height"] <= sheet["y"] + 1
