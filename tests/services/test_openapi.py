"""Each service does what its OpenAPI says, whatever is sent to it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.shop import databases
from tests.services.fleet import Fleet

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tried(database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A shop of its own: payments and reservations that no order asked for would unbalance the books of another."""
    folder = tmp_path_factory.mktemp(f"tried-{database}")
    with Fleet(folder, databases(database, folder, request)) as running:
        yield running
        running.assert_quiet()


@pytest.mark.parametrize("service", ["gateway", "order", "payment", "inventory"])
def test_schemathesis_finds_nothing(tried: Fleet, service: str, tmp_path: Path) -> None:
    """Examples, edge cases, random requests and sequences of them: each answer is of a kind that OpenAPI promises."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{tried.url(service)}/openapi.json", "--no-color"]
    done = subprocess.run(
        [*command, "--max-examples", "10", "--seed", "1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.services.openapi_hooks"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    stock = tried.books()["inventory"]
    assert stock["available"] + stock["reserved"] == stock["initial"]
