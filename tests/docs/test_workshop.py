"""The facilitator's guide and the cheat sheet: both languages alike, commands and minutes true, one page to print."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from lab.cli import COMMANDS
from lab.learn import mystery
from lab.learn.lesson import lessons
from tests.backend.browser import browser, page

WORKSHOP = Path(__file__).parents[2] / "docs" / "workshop"
GUIDES = tuple(WORKSHOP / name for name in ("guide.md", "guide.ko.md"))
SHEETS = tuple(WORKSHOP / name for name in ("cheat-sheet.html", "cheat-sheet.ko.html"))
DOCUMENTS = (*GUIDES, *SHEETS)
PLANS = (60, 90, 180)  # minutes
_PRINTABLE = (192, 279)  # mm: A4 within the sheet's margins
_SPARE = 8  # mm that other fonts may take
_PX = 96 / 25.4  # CSS pixels in a millimetre
_COMMAND = re.compile(r"(?:`|<code>|^ *)\./tracelab ([a-z][^`<\n]*?)(?=`|</code>| {2,}|$)", re.MULTILINE)
_ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)
_FAULT_OF = re.compile(r"[a-z]+\.[a-z-]+")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser."""
    with browser() as opened:
        yield opened


def text(file: Path) -> str:
    """Read it."""
    return file.read_text(encoding="utf-8")


def commands(file: Path) -> list[str]:
    """Everything that is written after ./tracelab, in order."""
    return [found.strip() for found in _COMMAND.findall(text(file))]


def rows(file: Path, columns: int) -> list[list[str]]:
    """Give the rows of the guide's tables that have so many columns, heads and rules among them."""
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)] for row in _ROW.findall(text(file))]
    return [row for row in cells if len(row) == columns]


def plans(file: Path) -> list[list[list[str]]]:
    """Give the rows of the plans, by plan: time, minutes, part, what to do, what to show."""
    found: list[list[list[str]]] = []
    for row in rows(file, 5):
        if row[0] == "0:00":
            found.append([])
        if re.fullmatch(r"\d:\d\d", row[0]):
            found[-1].append(row)
    return found


def numbers(file: Path) -> list[list[list[str]]]:
    """Reduce every table to its numbers, for these are the same in all languages."""
    return [[re.findall(r"\d+", cell) for cell in row[:2]] for columns in (3, 4, 5) for row in rows(file, columns)]


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_every_command_is_one_that_tracelab_takes(file: Path) -> None:
    """Each command exists, and its own parser takes what is written after it."""
    written = [each for each in commands(file) if each != "COMMAND"]
    assert len(written) > 10
    for each in written:
        name, *arguments = shlex.split(each)
        parser = argparse.ArgumentParser(name, allow_abbrev=False, exit_on_error=False)
        importlib.import_module(COMMANDS[name].module).arguments(parser)
        parser.parse_intermixed_args(arguments)


@pytest.mark.parametrize(("english", "korean"), [GUIDES, SHEETS], ids=["guide", "sheet"])
def test_both_languages_have_the_same_commands(english: Path, korean: Path) -> None:
    """Nothing is told in one language only."""
    assert sorted(commands(english)) == sorted(commands(korean))


def test_both_guides_have_the_same_sections_and_tables() -> None:
    """As many headings of each level, and tables with the same numbers, row by row."""
    english, korean = GUIDES
    levels = [re.findall(r"^(#+) ", text(file), re.MULTILINE) for file in GUIDES]
    assert levels[0] == levels[1]
    assert numbers(english) == numbers(korean)


def test_both_sheets_have_the_same_sections_and_drawings() -> None:
    """The same sections by their ids, and the same drawings but for their words."""
    english, korean = map(text, SHEETS)
    for pattern in (r'<h2 id="([\w-]+)"', r"<(?:rect|path|circle)[^>]*/>", r"<(dt|tr|li)\b"):
        assert re.findall(pattern, english) == re.findall(pattern, korean)


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_links_lead_somewhere(file: Path) -> None:
    """Every link is to a file of the project or to a heading of the same guide; a sheet needs no other file at all."""
    anchors = {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text(file), re.MULTILINE)
    }
    for link in re.findall(r"\]\(([^)]+)\)", text(file)):
        path, _, anchor = link.partition("#")
        assert (WORKSHOP / path).exists(), link
        assert not anchor or anchor in anchors, link
    if file in SHEETS:
        assert not re.search(r"<script|<link|<img|@import|url\(|src=|href=", text(file))


@pytest.mark.parametrize("file", GUIDES, ids=lambda file: file.name)
def test_the_guide_tells_each_lesson_s_minutes(file: Path) -> None:
    """The table of lessons holds all of them, with the minutes of their own files."""
    told = {int(row[0]): int(row[2]) for row in rows(file, 4) if row[0].isdecimal() and row[2].isdecimal()}
    assert told == {number: lesson.minutes for number, lesson in lessons().items()}


@pytest.mark.parametrize("file", GUIDES, ids=lambda file: file.name)
def test_each_plan_fills_its_time(file: Path) -> None:
    """Each part begins when the one before ends, the whole is as long as promised, and no lesson gets too little."""
    assert len(plans(file)) == len(PLANS)
    for plan, whole in zip(plans(file), PLANS, strict=True):
        now = 0
        for at, minutes, part, *_ in plan:
            assert at == f"{now // 60}:{now % 60:02}", part
            now += int(minutes)
            if lesson := re.search(r"(?:lesson|레슨) (\d+)$", part):
                assert int(minutes) > lessons()[int(lesson[1])].minutes
        assert now == whole


@pytest.mark.parametrize("file", GUIDES, ids=lambda file: file.name)
def test_the_keys_are_right(file: Path) -> None:
    """A round's seed and level give the fault that the guide says."""
    keys = [row for row in rows(file, 4) if _FAULT_OF.fullmatch(row[2])]
    assert len(keys) > 3
    for seed, level, fault, _ in keys:
        assert mystery.draw(int(seed), int(level)).faults[0].partition(":")[0] == fault


@pytest.mark.parametrize("file", SHEETS, ids=lambda file: file.name)
def test_a_sheet_prints_on_one_page(chromium: Browser, file: Path, tmp_path: Path) -> None:
    """One A4 page with room to spare for other fonts, nothing wider than the paper; readable on a phone as well."""
    with page(chromium) as opened:
        opened.goto(file.as_uri())
        pdf = opened.pdf(format="A4", path=tmp_path / "sheet.pdf")
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
        width, height = _PRINTABLE
        opened.emulate_media(media="print")
        opened.set_viewport_size({"width": int(width * _PX), "height": int(height * _PX)})
        assert opened.evaluate("document.body.scrollHeight") < (height - _SPARE) * _PX
        assert opened.evaluate("document.documentElement.scrollWidth") <= width * _PX
        opened.emulate_media(media="screen")
        opened.set_viewport_size({"width": 390, "height": 800})
        assert opened.evaluate("document.documentElement.scrollWidth") <= 390
