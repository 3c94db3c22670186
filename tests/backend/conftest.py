"""The browser in which the pages are tried."""

from __future__ import annotations

import pytest

from tests.backend.browser import browser


@pytest.fixture(scope="module")
def window():
    """The browser."""
    with browser() as opened:
        yield opened
