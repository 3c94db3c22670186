"""The compare page in a real browser: two traces as one tree, what changed, and where a click leads."""

# ruff: noqa: RUF001 - the page spells minus, times and "none" with their own signs
from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.backend import made
from tests.backend.browser import page
from tests.backend.running import ask, builtin, post_json

EVIL = "<img src=x onerror=alert(1)><script>alert(1)</script>"
FAST, SLOW, OTHER, LONG, LONGER = "fa57", "510e", "07e4", "10000", "20000"


def checkout(trace_id, *, slow):
    """Make a checkout; the slow one has a payment that reads thrice, fails and never gets to the stock."""
    read = 200_000 if slow else 2_000

    def span(number, parent, named, *times, **more):
        service, _, name = named.partition(": ")
        endpoint = {"serviceName": service}
        return made.span(number, parent, *times, traceId=trace_id, name=name, localEndpoint=endpoint, **more)

    failed = {"tags": {"error": "timed out"}} if slow else {}
    last = span(20, 1, "inventory: reserve", 9_000, 3_000) if not slow else None
    return [
        span(1, None, "gateway: post /orders", 0, 10_000 + read * (3 if slow else 1), kind="SERVER", **failed),
        span(2, 1, "payment: post /payments", 1_000, 1_000 + read * (3 if slow else 1), kind="SERVER", **failed),
        *(span(3 + at, 2, "payment: select cards", 1_500 + at * read, read) for at in range(3 if slow else 1)),
        *([last] if last else []),
        span(30, 1, f"{EVIL}: {EVIL}", 9_500, 500),
    ]


@pytest.fixture(scope="module")
def here():
    """A backend with a fast and a slow checkout, another request, and two long traces."""
    other = [made.span(1, None, 0, 1_000, traceId=OTHER, name="get /products")]
    traces = [*checkout(FAST, slow=False), *checkout(SLOW, slow=True), *other, *made.long(1_500, 1, LONG)]
    with builtin() as found:
        assert post_json(found.zipkin_endpoint, traces + made.long(1_600, 1, LONGER)).status == 202
        yield found


@pytest.fixture
def tab(window, here):
    """A page that compares the fast checkout with the slow one."""
    with page(window, base_url=here.query_url) as opened:
        opened.goto(f"/compare?a={FAST}&b={SLOW}")
        yield opened


def rows(tab):
    """The tree's text, a row each: name with its marks, A, B, change."""
    return [
        tuple(" ".join(cell.split()) for cell in row.locator("td").all_inner_texts()[:4])
        for row in tab.locator(".merged tbody tr").all()
    ]


def test_one_tree_of_both(tab):
    """Matched spans share a row with both durations, the change and the ratio; the others say which side has them."""
    assert rows(tab) == [
        ("gateway post /orders ✗ error in B", "12.0 ms", "610 ms", "+598 ms ×51"),
        ("payment post /payments ✗ error in B", "3.00 ms", "601 ms", "+598 ms ×200"),
        ("payment select cards", "2.00 ms", "200 ms", "+198 ms ×100"),
        ("added payment select cards", "–", "200 ms", "+200 ms"),
        ("added payment select cards", "–", "200 ms", "+200 ms"),
        ("removed inventory reserve", "3.00 ms", "–", "−3.00 ms"),
        (f"{EVIL} {EVIL}", "500 µs", "500 µs", "same"),
    ]
    expect(tab.get_by_role("heading", name="4 spans in both, 2 added, 1 removed")).to_be_visible()


def test_bars_are_drawn_to_one_scale(tab):
    """A's bar stands above B's, each from its own trace's start, both in parts of the longer trace."""
    whole = tab.locator(".merged .bars svg").first.bounding_box()["width"]
    bars = tab.locator(".merged tbody tr").nth(2).locator("rect")
    fast, slow = (bars.nth(at).bounding_box() for at in range(2))
    assert fast["y"] < slow["y"]
    assert fast["width"] == pytest.approx(whole * 2 / 610, abs=2)  # and its outline
    assert slow["width"] == pytest.approx(whole * 200 / 610, abs=2)
    expect(tab.locator("rect.failed")).to_have_count(2)


def test_facts_stand_side_by_side(tab):
    """Durations, spans, errors and services of both, and by how much they differ."""
    facts = tab.get_by_role("table", name="Facts of both traces")
    for name, a, b in (
        ("Duration", "12.0 ms", "610 ms +598 ms ×51"),
        ("Spans", "5", "6 (+1)"),
        ("Errors", "0", "2 (+2)"),
    ):
        expect(facts.get_by_role("row", name=name).locator("td")).to_have_text([a, b])
    expect(facts.locator("s.absent")).to_have_text("inventory is missing")


def test_the_operation_that_changed_most_comes_first(tab):
    """Self times are summed up by operation: the three reads, not what waited for them."""
    sums = tab.get_by_role("region", name="Whose own work changed most").locator("tbody tr")
    expect(sums).to_have_count(1)
    expect(sums.locator("td")).to_have_text(["payment select cards", "1 → 3", "2.00 ms", "600 ms", "+598 ms ×300"])


def test_sorted_and_filtered(tab):
    """Each order and each choice is a link; a tree of some spans keeps what leads to them."""
    tab.get_by_role("link", name="biggest change of self time").click()
    assert [row[0] for row in rows(tab)][:3] == ["added payment select cards"] * 2 + ["payment select cards"]
    tab.get_by_role("link", name="only in one").click()
    assert [row[0].split()[0] for row in rows(tab)] == ["added", "added", "removed"]
    tab.get_by_role("link", name="the tree").click()
    expect(tab.locator("tr.context")).to_have_count(2)
    tab.get_by_role("link", name="errors").click()
    assert len(rows(tab)) == 2
    tab.goto(f"/compare?a={FAST}&b={FAST}&show=changed")
    expect(tab.get_by_text("A and B are the same trace")).to_be_visible()
    expect(tab.get_by_text("Nothing of that kind")).to_be_visible()


def test_a_row_leads_to_its_span(tab):
    """A click anywhere in a row opens the span in B; a duration opens it in its own trace."""
    tab.locator(".merged tbody tr").nth(2).click(position={"x": 1_000, "y": 15})
    tab.wait_for_url(f"**/trace/*{SLOW}?span=0000000000000003")
    expect(tab.locator(".drawer")).to_contain_text("select cards")
    tab.go_back()
    tab.get_by_role("link", name="2.00 ms, open in A").click()
    tab.wait_for_url(f"**/trace/*{FAST}?span=0000000000000003")
    tab.go_back()
    tab.get_by_role("link", name="inventory reserve").click()
    tab.wait_for_url(f"**/trace/*{FAST}?span=0000000000000014")


def test_the_keyboard_goes_from_row_to_row(tab):
    """J and Down lead to the next row, k and Up to the one before; Enter opens."""
    for key in ("j", "j", "ArrowDown", "k"):
        tab.keyboard.press(key)
    expect(tab.locator(".merged tbody tr").nth(1).locator(".leads")).to_be_focused()
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"**/trace/*{SLOW}?span=0000000000000002")


def test_swapped(tab):
    """A button swaps the two; what was added is removed, and the address can be shared."""
    tab.get_by_role("button", name="Swap A and B").click()
    expect(tab).to_have_url(re.compile(f"/compare\\?a=0*{SLOW}&b=0*{FAST}$"))
    assert rows(tab)[3] == ("removed payment select cards", "200 ms", "–", "−200 ms")
    assert tab.get_by_label("A before").input_value().endswith(SLOW)


def test_other_requests_share_nothing(tab):
    """Traces with other roots have no span in both."""
    tab.goto(f"/compare?a={FAST}&b={OTHER}")
    expect(tab.get_by_role("heading", name="0 spans in both, 1 added, 5 removed")).to_be_visible()


def test_an_id_that_is_not_here(tab, here):
    """A sentence names it, the form keeps what was typed; a link pasted for an id is understood."""
    assert ask(f"{here.query_url}/compare?a={FAST}&b=beef").status == 404
    tab.goto(f"/compare?a={FAST}&b=beef")
    expect(tab.get_by_role("alert")).to_have_text(re.compile("There is no trace beef here"))
    tab.get_by_label("B after").fill(f"{here.query_url}/trace/{SLOW}?span=1")
    tab.get_by_role("button", name="Compare").click()
    expect(tab.locator(".merged tbody tr")).to_have_count(7)


def test_without_ids(tab):
    """The page says what it needs."""
    tab.goto("/compare")
    expect(tab.get_by_text("Give two traces' ids")).to_be_visible()
    expect(tab.get_by_role("link", name="Compare")).to_have_attribute("aria-current", "page")


def test_of_a_long_comparison_the_first_thousand_rows(tab):
    """The rest is a click away."""
    tab.goto(f"/compare?a={LONG}&b={LONGER}")
    assert tab.locator(".merged tbody tr").count() == 1_000
    tab.get_by_role("link", name="Show all").click()
    expect(tab.locator(".merged tbody tr")).to_have_count(1_600)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(window, here, scheme):
    """At 390 pixels nothing is wider than the window."""
    with page(window, base_url=here.query_url, viewport={"width": 390, "height": 800}, color_scheme=scheme) as tab:
        tab.goto(f"/compare?a={FAST}&b={SLOW}")
        assert tab.evaluate("document.documentElement.scrollWidth") == 390
