"""What a verdict is made of: the account of time, certainty, a run's folder; over made and over generated traces."""

from __future__ import annotations

import json
from math import comb
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery import run_folder
from discovery.certainty import more_often
from discovery.critical_path import critical_path
from discovery.culprit import gather
from discovery.culprit.account import Part, account
from discovery.culprit.judge import judge
from discovery.culprit.sample import read
from discovery.errors import Malformed
from discovery.trace import Trace
from tests.discovery.culprit.requests import traces as made
from tests.discovery.strategies import traces


@given(traces())
def test_an_account_books_the_whole_critical_path(trace: Trace):
    """Nothing is left out and nothing counted twice, whatever the trace."""
    sample = read(trace)
    whole = sum(part.end - part.start for part in critical_path(sample.trace))
    assert sum(booking.time for booking in sample.account.values()) == whole
    assert {span for booking in sample.account.values() for span in booking.spans} <= sample.trace.index.keys()


@given(st.lists(traces(), max_size=8), st.lists(traces(), max_size=8))
def test_judging_never_fails(healthy: list[Trace], troubled: list[Trace]):
    """Whatever the traces: evidence is in them, shares are shares, and it can be spelt as JSON."""
    for case in (gather.of_windows(healthy, troubled), gather.split([read(trace) for trace in troubled])):
        found = judge(case)
        json.dumps(found.as_json())
        assert found.reason
        assert found.found == bool(found.evidence)
        assert found.share is None or 0 <= found.share <= 1
        known = {trace.trace_id: sample.trace.index for sample in case.troubled for trace in [sample.trace]}
        assert all(set(each.span_ids) <= set(known[each.trace_id]) for each in found.evidence)


@pytest.mark.parametrize(
    ("knobs", "service", "part"),
    [
        ({"lead": "payment=50000"}, "payment", Part.LEAD),
        ({"statement": "order=50000"}, "order", Part.STATEMENT),
        ({"wire": "order=50000"}, "order", Part.WIRE),
        ({"loop": "order=50000"}, "order", Part.LOOP),
        ({"pool": "payment=50000"}, "payment", Part.POOL),
        ({"issuer": "=50000"}, "payment", Part.CALL),
        ({"lock": "inventory=50000"}, "inventory", Part.LOCK),
        ({"held": "inventory=50000"}, "inventory", Part.HELD),
        ({"body": "inventory=16000000"}, "inventory", Part.READING),
    ],
)
def test_time_is_booked_to_what_was_waited_for(knobs: dict[str, str], service: str, part: Part):
    """Where 50 ms were added, 50 ms are booked, and nowhere else."""
    [trace] = made(0, 1, knobs, every=1)
    sample = read(trace)
    largest = max(account(sample.trace, sample.visits).items(), key=lambda item: item[1].time)
    assert (largest[0].service, largest[0].part) == (service, part)
    assert largest[1].time >= 38_000


counts = st.integers(0, 12)


@given(counts, counts, counts, counts)
def test_more_often_is_fishers_test(odd: int, not_odd: int, usual: int, not_usual: int):
    """It equals counting all ways to share out the marked ones."""
    of_odd, of_usual = odd + not_odd, usual + not_usual
    marked, everything = odd + usual, of_odd + of_usual
    ways = sum(comb(marked, k) * comb(everything - marked, of_odd - k) for k in range(odd, min(marked, of_odd) + 1))
    expected = ways / comb(everything, of_odd) if odd else 1.0
    assert more_often(odd, of_odd, usual, of_usual) == pytest.approx(expected)


def phase(name: str, second: int) -> dict[str, object]:
    """One phase of a run, ten seconds long."""
    return {
        "name": name,
        "start": f"2026-01-01T00:00:{second:02}Z",
        "end": f"2026-01-01T00:00:{second + 10:02}Z",
        "counts": {"sent": 100, "error": 7},
    }


def folder(path: Path, *phases: dict[str, object]) -> Path:
    """A run's folder with nothing but what is read."""
    (path / "run.json").write_text(json.dumps({"phases": phases, "counts": {"unsampled": 3}}), "utf-8")
    return path


def test_a_runs_phases(tmp_path: Path):
    """The baseline is healthy, recovery comes after, the rest is trouble, and its counts are the trouble's."""
    found = run_folder.read(folder(tmp_path, phase("baseline", 0), phase("crowd", 10), phase("recovery", 20)))
    assert found.healthy == (found.phases["baseline"],)
    assert found.troubled == (found.phases["crowd"],)
    assert found.afterwards == (found.phases["recovery"],)
    assert (found.counts.sent, found.counts.errors, found.counts.unsampled) == (100, 7, 3)
    assert found.whole.end - found.whole.start == 30


def test_a_run_of_one_phase_has_only_trouble(tmp_path: Path):
    """It is split then."""
    found = run_folder.read(folder(tmp_path, phase("steady", 0)))
    assert found.healthy == ()
    assert found.troubled == (found.phases["steady"],)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"phases": 3}', '{"phases": [], "counts": {}}', '{"phases": [{}]}'])
def test_a_folder_that_cannot_be_read(tmp_path: Path, text: str):
    """One sentence with the file's name."""
    (tmp_path / "run.json").write_text(text, "utf-8")
    with pytest.raises(Malformed, match=r"run\.json"):
        run_folder.read(tmp_path)


def test_no_folder(tmp_path: Path):
    """The same, and what makes one."""
    with pytest.raises(Malformed, match="tracelab load SCENARIO --out DIR"):
        run_folder.read(tmp_path / "nowhere")
