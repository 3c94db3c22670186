"""The table of differences: each of its cases is a test's, and the documentation has its words."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.zipkin import test_links, test_posting, test_reading, test_searching, test_spans
from tests.zipkin.differences import DIFFERENCES

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "backend.md"


def test_every_case_is_tried():
    """A case in the table is in the tests, once, and once in the table."""
    tables = (
        test_spans.CASES, test_spans.TOGETHER, test_spans.SPELLINGS, test_posting.CASES, test_reading.CASES,
        test_searching.CASES,
    )  # fmt: skip
    tried = Counter([case.name for table in tables for case in table] + list(test_links.CASES))
    sources = "".join(file.read_text("utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    listed = Counter(name for each in DIFFERENCES for name in each.cases)
    assert [name for name, times in listed.items() if times > 1 or tried[name] > 1] == []
    assert [name for name in listed if name not in tried and f'"{name}"' not in sources] == []


def test_the_documentation_has_them_all():
    """docs/backend.md has the table, row by row."""
    _, _, section = DOCUMENT.read_text("utf-8").partition("## Zipkin's API: where we differ\n")
    rows = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| ")]
    told = [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in rows]
    assert told == [("Zipkin", "here", "why"), *((each.zipkin, each.ours, each.why) for each in DIFFERENCES)]
