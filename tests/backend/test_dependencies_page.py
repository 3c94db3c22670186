"""The dependencies page in a real browser: who calls whom, as a drawing and as a table, and where a click leads."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.backend import recent
from tests.backend.browser import page
from tests.backend.running import ask, builtin, post_json

LONG = "a-service-with-a-very-long-name-indeed"


@pytest.fixture(scope="module")
def here():
    """A backend with a cycle, a call of itself, failures, a database that sends no span, and markup in a name."""
    failed = {"tags": {"error": "x"}}
    card = {"remoteEndpoint": {"serviceName": "cards"}}
    traces = [
        *recent.calls("a1", "web", "order", "order", LONG),
        *recent.calls("a2", "web", "order", **failed),
        *recent.calls("a3", LONG, "order", "web"),
        *recent.calls("a4", "web", "search"),
        recent.span("a5", 1, None, "search", "query", kind="CLIENT", **card),
        *recent.calls("a6", "web", recent.EVIL),
        *recent.calls("b1", "old", "web", ago=3 * 3600),
    ]
    with builtin() as found:
        assert post_json(found.zipkin_endpoint, traces).status == 202
        yield found


@pytest.fixture
def tab(window, here):
    """A page at the dependencies of the last hour."""
    with page(window, base_url=here.query_url) as opened:
        opened.goto("/dependencies")
        yield opened


def rows(tab):
    """The table's text, a tuple a row."""
    return {tuple(row.locator("td").all_inner_texts()) for row in tab.locator("tbody tr").all()}


def test_the_table_counts_calls_and_errors(tab):
    """Each link has its calls, rate, errors and their share; what is older than the lookback is not in it."""
    assert ("web", "order", "2", "0.0333", "1", "50%") in rows(tab)
    assert ("order", "order", "1", "0.0167", "0", "0%") in rows(tab)
    assert ("search", "cards", "1", "0.0167", "0", "0%") in rows(tab)
    assert not any("old" in row for row in rows(tab))
    tab.select_option("select", "all")
    tab.get_by_role("button", name="Show").click()
    expect(tab.locator("tbody tr", has_text="old")).to_have_count(1)
    expect(tab).to_have_url(re.compile("lookback=all"))


def test_the_drawing_has_every_link(tab):
    """Each service is a node and each link an edge, cycles and calls of itself among them, with words for all."""
    expect(tab.locator("svg .edge")).to_have_count(len(rows(tab)))
    expect(tab.locator("svg .node")).to_have_count(6)
    for name in (
        "web calls order: 2 calls, 1 errors",
        "order calls order: 1 calls, 0 errors",
        f"{LONG}: find its traces",
    ):
        expect(tab.get_by_role("link", name=name)).to_have_count(1)
    expect(tab.locator("svg .edge path.failed")).to_have_count(1)


def test_markup_in_a_name_stays_text(tab):
    """A service's name is never taken for markup, in the drawing, the table or the list of names."""
    expect(tab.locator("tbody td", has_text="onerror")).to_have_text(recent.EVIL)
    assert tab.locator("main img").count() == 0


def test_a_node_leads_to_its_traces(tab):
    """A click on a service, or Enter, searches for it over the same time."""
    tab.get_by_role("link", name="search: find its traces").press("Enter")
    expect(tab.locator("#service")).to_have_value("search")
    expect(tab.locator(".results li")).to_have_count(2)


def test_a_service_known_as_a_remote_one_only_leads_to_its_callers(tab):
    """A database that sends no span is searched for as the remote service."""
    tab.get_by_role("link", name="cards: find its traces").click()
    expect(tab.locator("#remote")).to_have_value("cards")
    expect(tab.locator(".results li")).to_have_count(1)


@pytest.mark.parametrize(
    ("edge", "service", "remote", "traces"),
    [("search calls cards", "search", "cards", 1), ("web calls order", "order", "", 3)],
)
def test_an_edge_leads_to_the_traces_of_its_calls(tab, edge, service, remote, traces):
    """Where the caller named the other side both are searched for, else the one called."""
    tab.get_by_role("link", name=edge).press("Enter")
    expect(tab.locator("#service")).to_have_value(service)
    expect(tab.locator("#remote")).to_have_value(remote)
    expect(tab.locator(".results li")).to_have_count(traces)


def test_errors_lead_to_the_failed_traces(tab):
    """The number of errors is a link to those traces only."""
    tab.locator("tbody tr", has_text="50%").locator("a.error").click()
    expect(tab.locator(".results li")).to_have_count(1)
    expect(tab.get_by_label("Errors only")).to_be_checked()


def test_one_service_and_its_neighbours(tab):
    """Around a service only its own links are shown; the link can be shared, and leads back to all."""
    tab.get_by_label("Around the service").fill("search")
    tab.get_by_role("button", name="Show").click()
    expect(tab.locator("tbody tr")).to_have_count(2)
    tab.reload()
    expect(tab.locator("svg .node")).to_have_count(3)
    tab.get_by_role("link", name="All services").click()
    expect(tab.locator("svg .node")).to_have_count(6)


def test_where_there_are_no_calls_the_page_says_what_to_do(tab, window):
    """An unknown service, or nothing at all, is said in words that lead on."""
    tab.goto("/dependencies?service=nobody")
    expect(tab.get_by_role("heading", name="No calls to or from nobody in the last hour")).to_be_visible()
    tab.get_by_role("link", name="Show all services").click()
    expect(tab.locator("svg .node")).to_have_count(6)
    with builtin() as empty:
        assert "No traces yet" in ask(f"{empty.query_url}/dependencies?lookback=nonsense").text


def test_a_small_screen_has_it_all(window, here):
    """At 390 pixels nothing stands out of the page."""
    with page(window, base_url=here.query_url, viewport={"width": 390, "height": 800}) as opened:
        opened.goto("/dependencies?lookback=all")
        expect(opened.locator("svg .node")).to_have_count(7)
        assert opened.evaluate("document.documentElement.scrollWidth") == 390
