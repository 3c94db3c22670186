"""Zipkin's own web page, as the real server serves it, with the real server behind it and with ours."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.backend.browser import browser, page
from tests.zipkin.server import RUN, Server, span, unique

FRONT, BACK = f"front-page-{RUN}", f"back-page-{RUN}"
TRACE = unique("the page's trace")


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    """A browser."""
    with browser() as found:
        yield found


expect.set_options(timeout=20_000)  # the page is large, and the machine may be busy


@pytest.fixture
def lens(server, zipkin, opened) -> Iterator[Page]:
    """A page whose files are the real server's, and whose data the tested one's."""

    def serve(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/zipkin/api/") or path == "/zipkin/config.json":
            route.continue_()
        else:
            found = Server(zipkin.query_url, is_ours=False).ask(path)
            kind = found.headers.get("content-type", "")
            route.fulfill(status=found.status, body=found.body, content_type=kind)

    server.keep(shop())
    with page(opened, base_url=server.url) as found:
        found.route("**/*", serve)
        yield found


def shop() -> list[dict[str, Any]]:
    """Make a call of one service by another, a moment ago; the callee failed."""
    now = time.time_ns() // 1000 - 60_000_000
    front, back = {"serviceName": FRONT}, {"serviceName": BACK}
    called = {"parentId": "000000000000000a", "tags": {"error": "out of stock"}}
    return [
        span(TRACE, name="get /cart", kind="CLIENT", timestamp=now, duration=9000, localEndpoint=front),
        span(
            TRACE,
            id="b" * 16,
            name="reserve",
            kind="SERVER",
            timestamp=now,
            duration=5000,
            localEndpoint=back,
            **called,
        ),
    ]


def test_search_leads_to_the_trace(lens):
    """A search by service finds the trace under its root's name; opened, it shows both spans and their tags."""
    lens.goto(f"/zipkin/?serviceName={FRONT}&lookback=15m&limit=10")
    lens.get_by_role("button", name="Run Query").click()
    expect(lens.get_by_text(f"{FRONT}: get /cart")).to_be_visible()
    lens.get_by_role("button", name="Show").click()
    expect(lens).to_have_url(re.compile(f"/zipkin/traces/{TRACE}$"))
    expect(lens.get_by_text(f"{FRONT}: get /cart").first).to_be_visible()
    called = lens.get_by_text(f"{BACK}: reserve")
    expect(called).to_be_visible()
    called.click()
    expect(lens.get_by_text("out of stock")).to_be_visible()


def test_search_offers_what_there_is(lens):
    """The names of services are offered to search for."""
    lens.goto("/zipkin/")
    lens.get_by_test_id("add-button").click()
    lens.keyboard.type("serviceName")
    lens.keyboard.press("Enter")
    for service in (FRONT, BACK):
        lens.get_by_test_id("criterion-input").fill(f"serviceName={service[:-1]}")
        expect(lens.get_by_text(service, exact=True)).to_be_visible()


def test_dependencies(lens):
    """The graph of dependencies has both services: its filter offers them."""
    lens.goto("/zipkin/dependency")
    lens.get_by_role("button", name="Run Query").click()
    offered = lens.get_by_role("textbox", name="Filter")
    for service in (FRONT, BACK):
        offered.fill(service)
        expect(lens.get_by_role("option", name=service)).to_be_visible()
