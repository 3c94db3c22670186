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
    assert len(found["findings"]) == 2
    for finding in found["findings"]:
        verdict, injected = finding["verdict"], finding["injected"]
        assert verdict["found"]
        assert (verdict["service"], verdict["fault"]) == (injected["service"], injected["fault"])
        assert verdict["evidence"][0]["span_ids"]
        assert verdict["share"] > 0.5


def test_the_show_fits_a_terminal_and_stays_up(tracelab: Start) -> None:
    """Three waterfalls, each with a link, two culprits with their evidence; then it stays and says what to type next.

    Nothing but links and trace ids is wider than 80 columns.
    """
    demo = tracelab("demo", "--port-offset", str(free_offset()), COLUMNS="80")
    text = demo.wait_for("Ctrl-C stops everything", 60)
    assert text.count("critical path") == 3
    assert text.count("/trace/") == 5
    assert "=> payment: latency in" in text
    assert "=> inventory: error in" in text
    assert text.count("evidence") == 2
    assert max(len(line) for line in text.splitlines() if "http://" not in line) <= 80
    demo.signal(2)
    assert demo.end() == 0
    assert "Traceback" not in demo.text()


def test_a_console_that_cannot_draw_gets_ascii(tracelab: Start) -> None:
    """With PYTHONIOENCODING=cp949 the waterfalls are ASCII and nothing fails."""
    demo = tracelab("demo", "--once", "--port-offset", str(free_offset()), PYTHONIOENCODING="cp949")
    assert demo.end(60) == 0
    assert demo.text().isascii()
    assert "####" in demo.text()


def test_a_shop_without_tracing_is_told_of(tracelab: Start) -> None:
    """Where the terminal's environment switches the tracing off, one sentence says so, and everything ends."""
    demo = tracelab("demo", "--once", "--port-offset", str(free_offset()), OTEL_SDK_DISABLED="true")
    assert demo.end(60) == 1
    assert "is OTEL_SDK_DISABLED set" in demo.text()
    assert "Traceback" not in demo.text()
