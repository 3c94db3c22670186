"""Makes the real servers' fixtures known to every test, and says at the end what the run did without."""

from __future__ import annotations

import pytest

from tests.real import absent

pytest_plugins = ["tests.real.fixtures", "tests.real.shop"]


def pytest_configure() -> None:
    """Refuse a TRACELAB_REQUIRE that names what no fixture gives: it would require nothing."""
    if unknown := absent.required() - absent.HOW_TO_GET.keys():
        known = ", ".join(absent.HOW_TO_GET)
        raise pytest.UsageError(f"TRACELAB_REQUIRE names {', '.join(sorted(unknown))}; known are {known}.")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which real servers were missing, and how to get each."""
    if lines := absent.summary():
        terminalreporter.section("real servers")
        for line in lines:
            terminalreporter.line(line)
