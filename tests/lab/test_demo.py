"""`tracelab demo`: what it measures and shows is read from real traces."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.lab.conftest import Command, free_offset

Start = Callable[..., Command]


def test_once_with_json_prints_what_was_measured(tracelab: Start) -> None:
    """One object with the promised fields; both culprits are named with spans that prove them; no span is lost."""
    demo = tracelab("demo", "--once", "--json", "--port-offset", str(free_offset()))
    assert demo.end(60) == 0
    found = json.loads(demo.text())
    assert found["services"] == ["gateway", "inventory", "order", "payment"]
    assert 0 < found["ready_s"] < found["first_trace_s"] < found["total_s"]
    assert found["spans"] >= 8
    assert found["lost_spans"] == 0
    assert found["pss_kib"] is None or found["pss_kib"] > 50_000
    assert not Path("/proc/self/smaps_rollup").exists() or found["pss_kib"]
    for finding in found["findings"]:
        assert finding["verdict"]["found"]
        assert finding["verdict"]["service"] == finding["injected"]["service"]
        assert finding["verdict"]["evidence"][0]["span_ids"]
        assert finding["verdict"]["share"] > 0.5


def test_the_show_fits_a_terminal_and_stays_up(tracelab: Start) -> None:
    """Three waterfalls of at most 80 columns, each with its link; then it says what to type next until stopped."""
    demo = tracelab("demo", "--port-offset", str(free_offset()), COLUMNS="80")
    text = demo.wait_for("Ctrl-C stops everything", 60)
    assert text.count("critical path:") == 3
    assert text.count("/trace/") == 3
    assert "payment's own: " in text
    assert "The error begins in inventory" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    demo.signal(2)
    assert demo.end() == 0
    assert "Traceback" not in demo.text()


def test_a_console_that_cannot_draw_gets_ascii(tracelab: Start) -> None:
    """With PYTHONIOENCODING=cp949 the waterfalls are ASCII and nothing fails."""
    demo = tracelab("demo", "--once", "--port-offset", str(free_offset()), PYTHONIOENCODING="cp949")
    assert demo.end(60) == 0
    assert demo.text().isascii()
    assert "####" in demo.text()
