"""The scenarios that come with the program, and the page that says how to write one."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from load import document, report, scenario, schedule, threshold
from load.adjust import adjusted
from load.generator import drive
from load.result import Outcome
from load.review import review
from load.scenario import Phase, Scenario

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", scenario.names())
def test_shipped(shop, name):
    """Each says what to look at and what it is about, and runs: in half a second here, every request accounted for."""
    text = (ROOT / "load" / "scenarios" / f"{name}.toml").read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert "ook at" in text.partition("\nabout = ")[0]
    wanted = adjusted(scenario.find(name), duration="0.5s")
    assert 10 < len(wanted.about) < 60
    plan = schedule.plan(wanted, 1)
    assert plan == schedule.plan(wanted, 1)
    result = asyncio.run(drive(plan, shop.url))
    assert [each.arrival for each in result.requests] == list(plan.arrivals)
    assert Outcome.UNFINISHED not in {each.outcome for each in result.requests}
    reviewed = review(name, wanted, result)
    assert len(reviewed.judgements) == len(wanted.thresholds) + sum(len(each.thresholds) for each in wanted.phase)
    assert "all " in report.text(reviewed)


@pytest.mark.parametrize("kind", [Scenario, Phase])
def test_every_key_is_documented(kind):
    """docs/scenarios.md has a line for each key of a scenario and of a phase, and none for one that there is not."""
    title = {Scenario: "## The whole file", Phase: "## A phase"}[kind]
    section = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8").partition(title)[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == sorted(kind.__struct_fields__)


def test_every_measure_is_documented():
    """docs/scenarios.md names everything that a threshold can measure."""
    section = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8").partition("## Thresholds")[2]
    assert not [measure for measure in threshold.UNITS if f"`{measure}`" not in section]


def test_documented_example(tmp_path):
    """The example in docs/scenarios.md is a scenario."""
    text = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "example.toml").write_text(text, encoding="utf-8")
    found = document.read(tmp_path / "example.toml", Scenario)
    assert [len(each.thresholds) for each in (found, *found.phase)] == [2, 1, 0]
