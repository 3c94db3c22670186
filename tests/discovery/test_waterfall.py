"""The terminal's waterfall stays within the terminal, aligned, and readable without colour."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from discovery import duration, palette
from discovery.trace import Event, Kind
from discovery.waterfall import Waterfall, waterfall
from tests.discovery.making import RECORDED, recorded, span, trace
from tests.discovery.strategies import traces

COLOUR = re.compile(r"\x1b\[[\d;]*m")


def printed(trace, *, encoding="utf-8", width=80, colours=None, **variables):
    """Print a trace on a console of that encoding and width; `colours` are rich's names, None for a pipe."""
    kept = io.BytesIO()
    file = io.TextIOWrapper(kept, encoding=encoding, newline="\n")
    console = Console(
        file=file, width=width, color_system=colours, force_terminal=colours is not None, _environ=variables
    )
    console.print(Waterfall(trace), crop=False)
    file.flush()
    return kept.getvalue().decode(encoding).removesuffix("\n")


def shop():
    """Make a checkout that fails at its stock."""
    failed = {"error": True, "kind": Kind.SERVER}
    refused = Event(
        80_000, "exception", {"exception.type": "OperationalError", "exception.message": "database is locked"}
    )
    return trace(
        span(
            "1",
            None,
            0,
            100_000,
            service="gateway",
            name="POST /orders",
            attributes={"http.response.status_code": 503},
            **failed,
        ),
        span("2", "1", 5_000, 95_000, service="order", name="POST /orders", **failed),
        span("3", "2", 10_000, 40_000, service="payment", name="POST /payments"),
        span("4", "2", 40_000, 90_000, service="inventory", name="POST /reservations", events=(refused,), **failed),
    )


def test_a_checkout_as_drawn():
    """The whole drawing of a small trace, character by character."""
    assert waterfall(shop(), 80).splitlines() == [
        "trace t",
        "100 ms in all · 4 spans · 4 services · 3 errors",
        "gateway, order, payment, inventory",
        "",
        "  service operation                   time    self  0         50.0 ms     100 ms",
        "✗ gateway POST /orders              100 ms 10.0 ms  █░░░░░░░░░░░░░░░░░░░░░░░░░░█",
        "  ↳ HTTP 503",
        "✗ └ order POST /orders             90.0 ms 10.0 ms   ██░░░░░░░░░░░░░░░░░░░░░░██",
        "    ├ payment POST /payments       30.0 ms 30.0 ms    █████████",
        "✗   └ inventory POST /reservations 50.0 ms 50.0 ms             ██████████████",
        "      ↳ OperationalError: database is locked",
        "",
        "██ critical path: the trace's end waited for it   ░░ off it   ✗ error",
    ]


def test_plain_ascii_where_the_encoding_knows_no_better():
    """For cp949 and ASCII every character of the drawing is ASCII, and the red spans keep a mark."""
    for charset in ("ascii", "cp949"):
        drawn = printed(shop(), encoding=charset)
        assert drawn.isascii()
        assert sum(line.startswith("x ") for line in drawn.splitlines()) == 3


@given(traces(), st.integers(60, 200), st.sampled_from(["utf-8", "cp949", "ascii", "latin-1"]))
def test_never_wider_than_the_terminal(drawn, width, charset):
    """Whatever the trace, its names, the width and the encoding: no line is wider, and the encoding can spell it."""
    for line in printed(drawn, encoding=charset, width=width).splitlines():
        assert cell_len(line) <= width


@given(traces())
def test_one_line_a_span_with_its_columns_aligned(drawn):
    """Each span has one line, and its duration ends in the same column, wide characters or not."""
    lines = waterfall(drawn, 80).splitlines()
    heading = next(line for line in lines if line.startswith("  service operation"))
    end_of_time = heading.index("time") + 4
    rows = [line for line in lines[lines.index(heading) + 1 :] if line and "↳" not in line][: len(drawn.spans)]
    for line, each in zip(rows, drawn.spans, strict=True):
        shown = duration.spelled(each.duration)
        assert _columns(line, end_of_time - len(shown), end_of_time) == shown
        assert line.startswith("✗") is each.error


def _columns(line: str, start: int, end: int) -> str:
    """Cut columns of a terminal out of a line."""
    at, found = 0, ""
    for each in line:
        if start <= at < end:
            found += each
        at += cell_len(each)
    return found


@given(traces())
def test_colour_changes_nothing_else(drawn):
    """Without its colour codes the coloured drawing is the plain one."""
    assert COLOUR.sub("", printed(drawn, colours="truecolor")) == printed(drawn) == waterfall(drawn, 80)


@pytest.mark.parametrize(
    ("colours", "expected"),
    [
        ("truecolor", {"38;2;184;119;0", "38;2;47;143;202"}),
        ("256", {"38;5;136", "38;5;32"}),
        ("standard", {"33", "36"}),
    ],
)
def test_a_service_has_its_colour_of_the_pages(colours, expected):
    """The palette's number decides, in as many colours as the terminal has."""
    names = {palette.number(name): name for name in map("service {}".format, range(100))}
    drawn = printed(trace(span("a", service=names[0]), span("b", "a", service=names[1])), colours=colours)
    assert set(re.findall(r"\x1b\[([\d;]+)mservice \d+\x1b", drawn)) == expected


def test_no_color_takes_colours_away_and_keeps_the_marks():
    """With NO_COLOR set nothing has a colour; red spans keep their mark."""
    drawn = printed(shop(), colours="truecolor", NO_COLOR="1")
    assert set(COLOUR.findall(drawn)) == {"\x1b[1m", "\x1b[2m", "\x1b[0m"}
    assert drawn.count("✗") == 4


def test_korean_names_keep_the_alignment():
    """A wide character takes two columns: the time stands in the same column below and above it."""
    drawn = waterfall(
        trace(
            span("a", name="주문"), span("b", "a", name="결제 승인 요청을 보내고 기다리는 아주 긴 이름의 작업입니다")
        ),
        80,
    )
    first, second = drawn.splitlines()[5:7]
    assert "…" in second
    assert cell_len(first.split("100 µs")[0]) == cell_len(second.split("100 µs")[0])


def test_names_cannot_command_the_terminal():
    """Control characters and those that turn the writing direction are shown as question marks."""
    drawn = waterfall(trace(span("a", name="\x1b[2Jclean\rup\u202e", service="\x07bell")), 100)
    assert "\x1b" not in drawn
    assert "?bell ?[2Jclean?up?" in drawn


def test_missing_parents_are_said_in_words():
    """A hole in the trace is a sentence below the drawing."""
    drawn = waterfall(trace(span("a", "lost", 0, 10)), 80)
    drawn = " ".join(drawn.split())
    assert "A parent never arrived (lost, a span of shop): its children stand as roots." in drawn
    assert "The first span of this trace is among what never arrived." in drawn
    assert "2 parents never arrived (2 of transfer-service)" in waterfall(recorded("messaging2"), 80)


def test_answers_that_never_came_are_said_in_words():
    """A call without its answer's span, where another call to the same place has one, is a sentence with both names."""
    place = {"server.address": "stock", "server.port": 80, "http.response.status_code": 200}
    calls = [span(name, "a", 0, 10, kind=Kind.CLIENT, attributes=place) for name in ("b", "c")]
    answer = span("d", "b", 1, 5, kind=Kind.SERVER, service="stock")
    drawn = " ".join(waterfall(trace(span("a", None, 0, 20), *calls, answer), 80).split())
    assert "A call of shop to stock has no span of stock below, though others have: spans were lost." in drawn


def test_clocks_that_disagree_are_said_in_words():
    """A clock that was behind is a sentence below the drawing, with its service and by how much."""
    drawn = " ".join(waterfall(recorded("skew"), 80).split())
    assert "The clock of serviceb (192.0.0.0) was 65.9 ms behind its caller's; its times are shown" in drawn


def test_no_clock_is_blamed_for_a_moment():
    """A server span that sticks out of its call by two milliseconds, as on a busy machine, is no clock's fault."""
    call = span("b", "a", 0, 10_000, kind=Kind.CLIENT)
    answer = span("c", "b", 3_000, 9_000, kind=Kind.SERVER, service="stock")
    assert "clock" not in waterfall(trace(span("a", None, 0, 20_000), call, answer), 80)


def test_start_times_that_disagree_are_said_in_words():
    """A child of the same clock that began before its parent is a sentence, without blaming any clock."""
    drawn = waterfall(trace(span("a", None, 10, 10), span("b", "a", 5, 10)), 80)
    assert "1 span began before the parent did: clocks or start times disagree." in drawn


def test_a_tree_too_deep_for_two_columns_a_level():
    """Sixty levels: the names can still be read, and every line fits."""
    deep = [
        span(str(level), str(level - 1) if level else None, level, 100, name=f"level {level}") for level in range(60)
    ]
    lines = waterfall(trace(*deep), 80).splitlines()
    assert max(cell_len(line) for line in lines) <= 80
    assert sum("shop level" in line or "shop" in line for line in lines) >= 60


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_recorded_traces_fit_eighty_columns(file):
    """Every recorded trace can be drawn, a line a span at least."""
    found = recorded(file.stem)
    lines = waterfall(found, 80).splitlines()
    assert len(lines) >= len(found.spans) + 6
    assert max(cell_len(line) for line in lines) <= 80


@pytest.mark.parametrize(
    ("microseconds", "spelled"),
    [
        (0, "0 µs"),
        (999, "999 µs"),
        (1_000, "1.00 ms"),
        (1_240, "1.24 ms"),
        (9_999, "10.0 ms"),
        (12_345, "12.3 ms"),
        (183_000, "183 ms"),
        (999_400, "999 ms"),
        (999_900, "1.00 s"),
        (3_501_000, "3.50 s"),
        (100_000_000, "100 s"),
        (600_000_000, "10.0 min"),
    ],
)
def test_durations_for_people(microseconds, spelled):
    """Three digits that count, in the unit that suits."""
    assert duration.spelled(microseconds) == spelled
