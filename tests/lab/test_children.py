"""Single child processes."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from lab import jobs
from lab.children import Child
from lab.plan import Process
from tests.lab.conftest import descendants, gone

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc, which only Linux has")

SLEEPER = (sys.executable, "-c", "import sys, time; print('begun', file=sys.stderr, flush=True); time.sleep(600)")


@pytest.fixture
def child(tmp_path: Path) -> Child:
    """Somebody else's server, run by a child of ours; it has begun."""
    process = Process("sleeper", 0, jobs.program, SLEEPER, (), "", {"PATH": "", "COLOUR": "blue"})
    child = Child(process, tmp_path / "sleeper.jsonl")
    give_up = time.monotonic() + 30
    while not child.log.exists() or "begun" not in child.log.read_text(encoding="utf-8"):
        assert time.monotonic() < give_up
        time.sleep(0.02)
    return child


def test_a_program_ends_with_the_child_that_runs_it(child: Child) -> None:
    """Being asked to end reaches the program, although the child waits for it."""
    [program] = descendants(child.pid)
    child.end()
    assert child.wait(5)
    assert gone([program], 1) == []


def test_a_program_does_not_outlive_a_killed_child(child: Child) -> None:
    """After kill -9 of the child the program dies too."""
    [program] = descendants(child.pid)
    child.kill()
    assert child.wait(5)
    assert gone([program], 1) == []


def test_a_child_has_exactly_the_planned_environment(child: Child) -> None:
    """Nothing of the launcher's environment leaks in."""
    [program] = descendants(child.pid)
    names = {entry.partition("=")[0] for entry in Path(f"/proc/{program}/environ").read_text().split("\0") if entry}
    child.end()
    child.wait(5)
    assert names <= {"PATH", "COLOUR", "LC_CTYPE"}
