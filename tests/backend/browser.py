"""Pages in a real browser: Chromium, driven by Playwright; what a page must never do fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.real import chromium

_OPTIONS = ["--no-sandbox", "--disable-gpu"]
_LISTENER = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the browser for a module's tests; skips where there is none, or fails where one is required."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium.find().program, args=_OPTIONS)
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def page(within: Browser, **options: Any) -> Iterator[Page]:
    """Open a page in a fresh profile; an error in its scripts or a break of its content policy fails at the end."""
    context = within.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
    opened = context.new_page()
    opened.add_init_script(_LISTENER)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield opened
        assert errors == []
        assert opened.evaluate("window.violations ?? []") == []
    finally:
        context.close()
