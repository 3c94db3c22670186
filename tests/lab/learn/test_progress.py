"""How far a learner has come: one file, which another folder or machine goes on from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lab.learn import progress
from lab.learn.progress import Done, Progress
from lab.options import WrongUse
from tests.lab.learn.conftest import Learner


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own for this process."""
    monkeypatch.setenv("TRACELAB_WORK", str(tmp_path / "work"))
    return tmp_path / "work"


def test_what_is_written_is_read_again(work: Path):
    """All fields come back, in a file that a person can read; nothing else is left beside it."""
    kept = Progress(language="ko", current=4, lessons={4: Done("solved", 1.0, 2.0, 3, 2, shown=True), 1: Done()})
    progress.write(kept)
    assert progress.read() == kept
    assert [file.name for file in work.iterdir()] == ["progress.json"]
    assert (work / "progress.json").read_text(encoding="utf-8").count("\n") > 5


def test_nobody_has_begun_without_a_file(work: Path):
    """No file is no progress, and reading makes none."""
    assert progress.read() == Progress()
    assert not work.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"version": 2}', b'{"lessons": {"x": {}}}', b'{"lessons": {"4": {"state": 1}}}', b"\xff"],
)
def test_a_broken_file_is_left_as_it_is(work: Path, content: bytes):
    """The sentence names the file; its bytes stay, whatever they are."""
    work.mkdir()
    (work / "progress.json").write_bytes(content)
    with pytest.raises(WrongUse, match=r"progress\.json: .*; mend it, or move it away"):
        progress.read()
    assert (work / "progress.json").read_bytes() == content


def test_a_copy_goes_on_elsewhere(learner: Learner, tmp_path: Path):
    """The work folder copied to another place, and the program told so: what was solved is solved there, too."""
    learner.note(1, state="solved")
    shutil.copytree(learner.work, tmp_path / "laptop")
    here, there = learner.learn("list"), learner.learn("list", TRACELAB_WORK=str(tmp_path / "laptop"))
    assert here == there
    assert here.code == 0
    assert [line.split()[-1] for line in there.output.splitlines() if line.split()[:1] == ["1"]] == ["solved"]
    assert learner.learn("list", TRACELAB_WORK=str(tmp_path / "nowhere")).output.count("solved") == 0


def test_the_language_is_kept(learner: Learner):
    """--lang is remembered by the work folder, and beats the system's."""
    assert "레슨" in learner.learn("list", "--lang", "ko").output
    assert "레슨" in learner.learn("list").output
    assert "레슨" not in learner.learn("list", "--lang", "en").output
    assert "레슨" not in learner.learn("list", LC_ALL="ko_KR.UTF-8").output


def test_the_language_is_the_systems(learner: Learner):
    """Without --lang a Korean system is answered in Korean, any other one in English."""
    assert "레슨" in learner.learn("list", LC_ALL="ko_KR.UTF-8").output
    assert "레슨" not in learner.learn("list", LC_ALL="de_DE.UTF-8").output
