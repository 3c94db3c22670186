"""What docs/discovery.md promises: each fault that has a detector is in its table, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

from discovery.culprit.detectors import ALL

PAGE = Path(__file__).parents[2] / "docs" / "discovery.md"


def test_every_detector_is_documented():
    """The table under "The detectors" names each fault once."""
    table = PAGE.read_text("utf-8").partition("## The detectors")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([a-z0-9, -]+) \|", table, flags=re.MULTILINE)
    named = [name.strip() for row in rows for name in row.split(",") if name.strip() != "fault"]
    assert sorted(named) == sorted(ALL)
