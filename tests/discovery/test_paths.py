"""Critical paths of many traces: sums, percentiles and flame graphs."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery import critical_path_command as module
from discovery import zipkin
from discovery.critical_path import critical_path
from discovery.flame import WIDTH, boxes, svg
from discovery.flame_page import page
from discovery.paths import PERCENTILES, profile
from discovery.trace import Trace
from tests.discovery.making import span, trace
from tests.discovery.strategies import traces

EVIL = "<script>alert('x')</script>"


def order(number: int, took: int) -> Trace:
    """An order that waits for payment for so many microseconds, of 10 more in all."""
    spans = (
        span("1", None, 0, took + 10, service="order", name="POST /orders"),
        span("2", "1", 5, took + 5, service="payment", name="pay"),
    )
    return trace(*(replace(each, trace_id=str(number)) for each in spans))


def test_rows_add_up_and_have_percentiles():
    """99 quick traces and a slow one: the tail is payment's alone, and shares add up to one."""
    found = profile([order(number, 1000 if number == 0 else 20) for number in range(100)])
    rows = {row.service: row for row in found.rows}
    assert (rows["payment"].traces, rows["payment"].total) == (100, 99 * 20 + 1000)
    assert dict(rows["payment"].at) == {50: 20, 95: 20, 99: 20}
    assert dict(rows["order"].at) == {50: 10, 95: 10, 99: 10}
    assert sum(row.share for row in found.rows) == pytest.approx(1)
    assert [row.service for row in found.rows] == ["payment", "order"]


def test_an_operation_that_is_seldom_there_takes_nothing_at_the_median():
    """Where it is absent it took no time."""
    rare = [order(number, 30) for number in range(4)]
    alone = [trace(replace(span("1", None, 0, 10, service="order"), trace_id=f"x{number}")) for number in range(96)]
    [payment] = [row for row in profile([*rare, *alone]).rows if row.service == "payment"]
    assert dict(payment.at) == {50: 0, 95: 0, 99: 30}


def test_a_flame_is_of_the_traces_nearest_in_rank():
    """The flame's time is what such traces took, not a mean of all."""
    found = profile([order(number, number * 100) for number in range(100)])
    half, tail = found.flames[0], found.flames[-1]
    assert (half.percentile, half.traces, half.duration) == (50, 5, 4910)
    assert sum(half.times.values()) == pytest.approx(4910)
    assert sum(tail.times.values()) > 9000


@given(st.lists(traces(), min_size=1, max_size=6))
def test_whatever_the_traces(made: list[Trace]):
    """All time on critical paths is in the rows, and frames lie within the one above and do not overlap."""
    found = profile(made)
    whole = sum(part.end - part.start for each in made for part in critical_path(each))
    assert sum(row.total for row in found.rows) == whole
    for flame in found.flames:
        placed = boxes(flame, found.tree)
        assert all(box.x >= 0 and box.x + box.width <= WIDTH + 0.01 for box in placed)
        for depth in {box.depth for box in placed}:
            level = sorted((box.x, box.width) for box in placed if box.depth == depth)
            assert all(x + width <= further + 0.01 for (x, width), (further, _) in pairwise(level))


def test_text_is_escaped_and_the_drawing_is_xml():
    """Markup in a name stays text, in the drawing and on the page."""
    made = profile([trace(span("1", None, 0, 100, service=EVIL, name=EVIL))])
    drawn = svg(made.flames[0], made.tree, link=lambda _: '/?a="b"&c')
    ET.fromstring(drawn)
    assert EVIL not in drawn + page(made)


def test_a_chain_of_ten_thousand_frames():
    """Neither recursion nor squares."""
    deep = [span("0", None, 0, 20_000)]
    deep += [span(str(n), str(n - 1), n, 20_000 - n) for n in range(1, 10_000)]
    made = profile([trace(*deep)])
    assert sum(row.total for row in made.rows) == 20_000
    assert svg(made.flames[0], made.tree).count("<rect") == 200


def arguments(*words: str) -> argparse.Namespace:
    """Read a command line."""
    parser = argparse.ArgumentParser()
    module.arguments(parser)
    return parser.parse_args(words)


def test_the_command_over_several_files(tmp_path, capsys):
    """A folder's traces together: a table within 80 columns, JSON, and a page that needs nothing else."""
    for number in range(12):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps([zipkin.as_json(each) for each in order(number + 1, 400).spans]), "utf-8")
    assert module.run(arguments(str(tmp_path), "--flame", str(tmp_path / "flame.html"))) == 0
    table = capsys.readouterr().out
    assert "critical paths of 12 traces" in table
    assert max(map(len, table.splitlines())) <= 80
    assert "http" not in (tmp_path / "flame.html").read_text("utf-8")
    module.run(arguments(str(tmp_path / "*.json"), "--json"))
    found = json.loads(capsys.readouterr().out)
    assert found["traces"] == 12
    assert found["operations"][0] | {"share": 0} == {
        "service": "payment",
        "operation": "pay",
        "traces": 12,
        "total_us": 4800,
        "share": 0,
        **{f"p{percentile}_us": 400 for percentile in PERCENTILES},
    }
