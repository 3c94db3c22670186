"""`tracelab find` on files and run folders: its JSON, its words, and what it says where it cannot read."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from discovery import otlp
from discovery.trace import Trace
from lab import cli
from tests.discovery.culprit.requests import traces
from tests.discovery.culprit.shop import BEGAN, EVERY

KEYS = {
    "found": bool,
    "service": str,
    "operation": str,
    "fault": str,
    "share": float,
    "evidence": list,
    "not_told_from": list,
    "reason": str,
    "also": list,
    "checked": dict,
}


def at(number: int) -> str:
    """When the request of that number began, as a run's file has it."""
    return datetime.fromtimestamp((BEGAN + number * EVERY - 1000) / 1e6, UTC).isoformat()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder with its traces: sixty healthy requests, and sixty of which a third meet a slow payment."""
    folder = tmp_path_factory.mktemp("payment.latency")
    healthy, bent = traces(0, 60), traces(60, 60, {"lead": "payment=300000"})
    save(folder / "traces.json", [*healthy, *bent])
    counts = {"sent": 60, "error": 0}
    phases = [("baseline", 0, 60), ("fault", 60, 120)]
    told = [{"name": name, "start": at(first), "end": at(last), "counts": counts} for name, first, last in phases]
    (folder / "run.json").write_text(json.dumps({"phases": told, "counts": {"unsampled": 0}}), "utf-8")
    (folder / "injected.json").write_text(json.dumps({"phases": [{"fault": "gateway.error:503"}]}), "utf-8")
    return folder


def save(path: Path, made: list[Trace], shuffled: int | None = None) -> None:
    """Write traces as OTLP JSON, their spans in another order where a seed is given."""
    spans = [span for trace in made for span in trace.spans]
    if shuffled is not None:
        random.Random(shuffled).shuffle(spans)
        spans += spans[:200]
    path.write_text(json.dumps(otlp.as_json(spans)), "utf-8")


def find(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """Ask for JSON."""
    assert cli.main(["find", *words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def of(folder: Path, file: str = "traces.json") -> list[str]:
    """The words that name a run and its traces."""
    return ["--run", str(folder), "--files", str(folder / file)]


def test_the_verdicts_shape(run: Path, capsys: pytest.CaptureFixture[str]):
    """Each key with its kind; the evidence is a trace and spans of it."""
    found = find(capsys, *of(run))
    assert {key: type(value) for key, value in found.items()} == KEYS
    assert (found["service"], found["fault"]) == ("payment", "latency")
    assert found["operation"].casefold().startswith("post /payments")
    assert found["not_told_from"] == ["slow-tail"]
    assert all(set(evidence) == {"trace_id", "span_ids"} for evidence in found["evidence"])
    assert found["checked"]["traces"] == {"healthy": 60, "troubled": 60, "afterwards": 0}


def test_order_and_repeats_change_nothing(run: Path, capsys: pytest.CaptureFixture[str]):
    """Spans in any order, some of them twice, give the same verdict to the letter."""
    save(run / "shuffled.json", traces(0, 60) + traces(60, 60, {"lead": "payment=300000"}), shuffled=4)
    assert find(capsys, *of(run, "shuffled.json")) == find(capsys, *of(run))


def test_what_was_injected_is_never_read(run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Without the file, and in a folder of another name, the verdict is the same."""
    before = find(capsys, *of(run))
    (tmp_path / "gateway.error").mkdir()
    for name in ("run.json", "traces.json"):
        (tmp_path / "gateway.error" / name).write_bytes((run / name).read_bytes())
    assert find(capsys, *of(tmp_path / "gateway.error")) == before


def test_words_within_eighty_columns(run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Who, why, a drawing with the evidence marked, how healthy traces differ, what it is not told from."""
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main(["find", *of(run)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("=> payment: latency in POST /payments")
    for words in ("» evidence", "Healthy traces of", "cannot be told from: slow-tail", "Checked: 31 kinds of fault"):
        assert words in said
    assert max(map(len, said.splitlines())) <= 80


def test_one_window_of_files(run: Path, capsys: pytest.CaptureFixture[str]):
    """Without a run's folder the traces are split by what is odd."""
    found = find(capsys, "--files", str(run / "traces.json"))
    assert (found["service"], found["fault"]) == ("payment", "latency")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--since", "soon"], 2, "'soon' is no length of time"),
        (["--run", "nowhere"], 2, "nowhere/run.json cannot be read"),
        (["--files", "nowhere.json"], 2, "nowhere.json: cannot be read"),
        (["--backend", "http://127.0.0.1:9"], 4, "No tracing backend at http://127.0.0.1:9"),
    ],
)
def test_what_cannot_be_read(words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]):
    """One sentence on standard error, and the exit code of its kind."""
    assert cli.main(["find", *words]) == code
    told = capsys.readouterr()
    assert said in told.err
    assert "Traceback" not in told.err
    assert not told.out


@pytest.mark.parametrize("text", ["", "[]", "{", '{"resourceSpans": []}', "\x00", "[1, 2]"])
def test_files_that_are_no_traces(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """One sentence with the file's name."""
    (tmp_path / "odd.json").write_text(text, "utf-8")
    assert cli.main(["find", "--files", str(tmp_path / "odd.json")]) == 2
    assert "odd.json" in capsys.readouterr().err
