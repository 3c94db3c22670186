"""`tracelab diff`: two traces span by span, two heaps operation by operation."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery import diff_command as module
from discovery import zipkin
from discovery.certainty import differ
from discovery.comparison import changes
from discovery.errors import Malformed
from discovery.trace import Trace
from tests.discovery.making import span, trace


def order(number: int, took: int, queries: int = 1) -> Trace:
    """An order with so many queries, one after the other, and a payment of so many microseconds."""
    spans = [span("1", None, 0, 1000 + took, service="order", name="POST /orders")]
    spans += [span(f"q{n}", "1", 10 * n, 10 * n + 10, service="order", name="SELECT") for n in range(queries)]
    spans.append(span("p", "1", 900, 900 + took, service="payment", name="pay"))
    return trace(*(replace(each, trace_id=f"{number:x}") for each in spans))


def saved(path: Path, *made: Trace) -> str:
    """Write traces as Zipkin's JSON."""
    path.write_text(json.dumps([zipkin.as_json(each) for one in made for each in one.spans]), "utf-8")
    return str(path)


def diff(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run the command."""
    parser = argparse.ArgumentParser()
    module.arguments(parser)
    assert module.run(parser.parse_args(words)) == 0
    return capsys.readouterr().out


def test_two_traces(tmp_path, capsys):
    """What was added is marked and summed up, what is in both has both durations, within 80 columns."""
    a, b = saved(tmp_path / "a.json", order(1, 100)), saved(tmp_path / "b.json", order(2, 5_000, queries=30))
    said = diff(capsys, a, b)
    assert "+             " not in said
    assert "... 27 more like it" in said
    assert any(
        line.split() == ["payment", "pay", "100", "us", "5.00", "ms", "+4.90", "ms"] for line in said.splitlines()
    )
    assert max(map(len, said.splitlines())) <= 80
    found = json.loads(diff(capsys, a, b, "--json"))["spans"]
    assert [row["change_us"] for row in found if row["name"] == "pay"] == [4_900]
    assert sum(row["a"] is None for row in found) == 29


def test_two_heaps(tmp_path, capsys):
    """The operation that changed most comes first, a sure change has a star, one that did not has none."""
    a = saved(tmp_path / "a.json", *(order(n + 1, 100 + n) for n in range(20)))
    b = saved(tmp_path / "b.json", *(order(n + 100, 3_000 + n, queries=3) for n in range(20)))
    said = diff(capsys, a, b).splitlines()
    assert "payment pay" in said[3]
    assert "*" in said[3]
    assert max(map(len, said)) <= 80
    found = json.loads(diff(capsys, a, b, "--json"))
    assert found["traces"] == {"a": 20, "b": 20}
    first = found["operations"][0]
    assert (first["service"], first["a"]["calls"], first["added_us"]) == ("payment", 1, 2_900)
    [select] = [each for each in found["operations"] if each["name"] == "SELECT"]
    assert (select["a"]["calls"], select["b"]["calls"]) == (1, 3)


def test_names_cannot_command_the_terminal(tmp_path, capsys):
    """Control characters of a span never reach the terminal, whether two traces are compared or two heaps."""

    def bent(number: int, took: int) -> Trace:
        return trace(*(replace(each, name=f"{each.name}\x1b[2J") for each in order(number, took).spans))

    a, b = saved(tmp_path / "a.json", bent(1, 100)), saved(tmp_path / "b.json", bent(2, 5_000))
    both = saved(tmp_path / "both.json", bent(1, 100), bent(2, 5_000))
    said = diff(capsys, a, b) + diff(capsys, a, both)
    assert "\x1b" not in said
    assert "pay?[2J itself" in said


def test_a_heap_beside_itself_has_not_changed():
    """Nothing is added, and nothing is sure."""
    heap = [order(n + 1, 100 + n) for n in range(20)]
    assert all(change.added == 0 and change.chance == 1 for change in changes(heap, heap))


def test_what_is_in_one_heap_only():
    """It has no calls in the other."""
    alone = [trace(replace(span("1", service="order", name="POST /orders"), trace_id=f"{n}")) for n in range(3)]
    [payment] = [change for change in changes(alone, [order(9, 100)]) if change.service == "payment"]
    assert (payment.a.calls, payment.b.calls) == (0, 1)


@pytest.mark.parametrize("name", ["", " ", "no-such-folder/trace.json"])
def test_what_is_nothing_to_compare(name: str, tmp_path: Path):
    """One sentence that says what was expected."""
    with pytest.raises(Malformed):
        module.run(argparse.Namespace(a=name, b=name, backend=None, json=False))


def by_pairs(ones: Sequence[int], others: Sequence[int]) -> float:
    """The statistic of Mann and Whitney by its definition: pairs in which the first is larger, halves for ties."""
    return sum((a > b) + (a == b) / 2 for a in ones for b in others)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=15), st.lists(st.integers(0, 9), min_size=1, max_size=15))
def test_the_test_is_mann_and_whitneys(ones: list[int], others: list[int]):
    """It is even, within 0 and 1, 1 in the middle, and smaller the farther the pairs are from half of all."""
    chance = differ(ones, others)
    assert 0 <= chance <= 1
    assert chance == pytest.approx(differ(others, ones))
    if by_pairs(ones, others) == len(ones) * len(others) / 2:
        assert chance == 1
    shifted = [one + 100 for one in ones]
    assert differ(shifted, others) <= chance + 1e-9


def test_known_figures():
    """As published for the tortoises and hares of Mann and Whitney's test: U of 11 of 36 pairs has p near 0.26."""
    tortoises, hares = [1, 7, 8, 9, 10, 11], [2, 3, 4, 5, 6, 12]
    assert by_pairs(tortoises, hares) == 25
    assert differ(tortoises, hares) == pytest.approx(0.262, abs=0.001)
