"""The critical paths page in a real browser: what the traces of a search waited for, and where a click leads."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.backend import recent
from tests.backend.browser import page
from tests.backend.running import ask, builtin, post_json


@pytest.fixture(scope="module")
def here():
    """A backend with twenty quick orders and one slow one, in which payment takes the time, and markup in a name."""
    traces = [recent.span("e1", 1, None, recent.EVIL, recent.EVIL, kind="SERVER", took=500)]
    for number in range(21):
        took = 400_000 if number == 0 else 40_000
        trace = f"{number + 1:x}"
        traces += [
            recent.span(trace, 1, None, "order", "post /orders", kind="SERVER", ago=60, took=50_000 + took),
            recent.span(trace, 2, 1, "payment", "post /payments", kind="SERVER", ago=60, took=took),
        ]
    with builtin() as found:
        assert post_json(found.zipkin_endpoint, traces).status == 202
        yield found


@pytest.fixture
def tab(window, here):
    """A page at the critical paths of the last hour."""
    with page(window, base_url=here.query_url) as opened:
        opened.goto("/paths")
        yield opened


def rows(tab):
    """The table's text, a tuple a row."""
    return {tuple(row.locator("td").all_inner_texts()) for row in tab.locator("tbody tr").all()}


def test_the_table_has_each_operation(tab):
    """In how many traces it was on the path, its share, and what it took at the median and in the tail."""
    assert ("payment", "post /payments", "21", "53.3%", "40.0 ms", "40.0 ms", "400 ms") in rows(tab)
    assert ("order", "post /orders", "21", "46.7%", "50.0 ms", "50.0 ms", "50.0 ms") in rows(tab)


def test_each_percentile_has_its_flame(tab):
    """At the median the order's own time is the larger part, in the tail payment's is; a frame says its time."""
    frame = tab.locator("a.frame", has_text="payment post /payments").first
    assert "40.0 ms" in frame.get_attribute("aria-label")
    tab.get_by_role("link", name="p99").click()
    expect(tab).to_have_url(re.compile("percentile=99"))
    assert "400 ms (89%)" in tab.locator("a.frame", has_text="payment post /payments").first.get_attribute("aria-label")


def test_a_frame_and_a_row_lead_to_their_traces(tab):
    """Both open the search for that operation, the longest first."""
    tab.locator("a.frame", has_text="payment post /payments").first.click()
    expect(tab).to_have_url(re.compile(r"service=payment&operation=post\+%2Fpayments&.*sort=longest"))
    expect(tab.locator("ol.results li")).to_have_count(21)
    tab.go_back()
    tab.get_by_role("link", name="post /orders", exact=True).click()
    expect(tab).to_have_url(re.compile("service=order"))


def test_a_search_leads_to_its_paths_and_back(tab):
    """The search's conditions come along, and are still there on the way back."""
    tab.goto("/?service=payment&min=100ms")
    tab.get_by_role("link", name="Their critical paths").click()
    expect(tab.get_by_role("heading", name="What the ends of 1 trace waited for")).to_be_visible()
    tab.get_by_role("link", name="These traces").click()
    expect(tab.locator("#min")).to_have_value("100ms")


def test_text_from_spans_stays_text(tab):
    """Markup in a name is shown, and does nothing."""
    assert any(recent.EVIL in row for row in rows(tab))
    assert tab.locator("main img, main script").count() == 0


def test_what_cannot_be_read_is_said(here):
    """A wrong number of traces is 400 with a sentence; nothing found offers to look further back."""
    assert ask(f"{here.query_url}/paths?limit=many").status == 400
    assert b"No trace matches" in ask(f"{here.query_url}/paths?service=nobody").body
