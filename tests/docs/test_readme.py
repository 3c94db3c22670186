"""The READMEs: both languages alike, every command one that is tried somewhere, every link one that leads somewhere."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
from pathlib import Path

import pytest

from lab.cli import COMMANDS, main

ROOT = Path(__file__).parents[2]
READMES = (ROOT / "README.md", ROOT / "README.ko.md")
WRITTEN = sorted(
    file
    for pattern in ("*.md", "docs/**/*.md", "lab/lessons/*/*.md")
    for file in ROOT.glob(pattern)
    if ".venv" not in file.parts
)
_INLINE = re.compile(r"`\./tracelab ([^`]+)`|^ {4}\./tracelab (.+?)(?: {2,}.*)?$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")

# Where each command of the README is really run; a command that is not here fails the test below.
TRIED = {
    "demo": "tests/lab/test_demo.py",
    "up": "tests/lab/test_up.py",
    "up --backend zipkin": "tests/lab/test_real_servers.py",
    "up --port-offset 1000": "tests/lab/test_up.py",
    "up --with payment.slow-replica": "tests/faults/test_start.py",
    "up --overlay DIR": "tests/lab/test_overlay.py",
    "load slow-payment": "tests/docker/test_compose.py",
    "load failing-inventory": "tests/load/test_command.py",
    "load retry-storm": "tests/load/test_shipped.py",
    "load slow-query --out runs/one": "tests/load/test_shipped.py",
    "find --run runs/one": "tests/lab/test_evaluation.py",
    "find --since 15m": "tests/docker/test_compose.py",
    "show TRACE_ID": "tests/lab/learn/test_lessons.py",
    "diff TRACE_A TRACE_B": "tests/discovery/test_diff_command.py",
    "diff runs/one:baseline runs/one:fault": "tests/discovery/test_diff_command.py",
    "critical-path --run runs/one --flame flame.html": "tests/discovery/test_paths.py",
    "logs TRACE_ID": "tests/lab/learn/test_lessons.py",
    "buy --fault payment.latency:300ms": "tests/lab/test_buy.py",
    "learn": "tests/docs/test_readme.py",
    "learn next": "tests/lab/learn/test_lessons.py",
    "learn mystery --level 2": "tests/lab/learn/test_mystery.py",
    "faults": "tests/docs/test_readme.py",
    "scenarios": "tests/docs/test_readme.py",
    "backend": "tests/backend/test_command.py",
    "doctor": "tests/lab/test_doctor.py",
    "reset": "tests/lab/test_cli.py",
    "test": "tests/lab/test_cli.py",
    "--help": "tests/lab/test_cli.py",
}


def text(file: Path) -> str:
    """Read it."""
    return file.read_text(encoding="utf-8")


def commands(file: Path) -> list[str]:
    """Everything that is written after ./tracelab, sorted."""
    return sorted({(inline or line).strip() for inline, line in _INLINE.findall(text(file))})


def test_both_languages_have_the_same_commands_and_sections() -> None:
    """The same commands, code blocks and links, and as many headings of each level in the same order."""
    english, korean = READMES
    assert commands(english) == commands(korean)
    for pattern in (r"^(#+) ", r"^ {4}(\S.*)$", r"^```(?s:.*?)^```"):
        assert len(re.findall(pattern, text(english), re.MULTILINE)) == len(
            re.findall(pattern, text(korean), re.MULTILINE)
        )
    links = [sorted(one or other for one, other in _LINK.findall(text(file))) for file in READMES]
    assert [link.replace(".ko.", ".") for link in links[0]] == [link.replace(".ko.", ".") for link in links[1]]


@pytest.mark.parametrize("command", commands(READMES[0]))
def test_every_command_is_tried_somewhere(command: str) -> None:
    """Its own parser takes it, and the table says which test runs it."""
    assert command in TRIED, f"say in TRIED which test runs `./tracelab {command}`"
    assert (ROOT / TRIED[command]).exists()
    name, *arguments = shlex.split(command)
    if not name.startswith("-") and name != "test":
        parser = argparse.ArgumentParser(name, allow_abbrev=False, exit_on_error=False)
        importlib.import_module(COMMANDS[name].module).arguments(parser)
        parser.parse_intermixed_args(arguments)


@pytest.mark.parametrize("command", ["faults", "scenarios", "learn"])
def test_what_needs_no_shop_prints_something(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """These only tell, and leave nothing behind."""
    monkeypatch.setenv("TRACELAB_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("TRACELAB_WORK", str(tmp_path / "work"))
    assert main([command]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 10
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(file: Path) -> None:
    """A link within the project is to a file that is there, and to a heading that is in it."""
    for one, other in _LINK.findall(text(file)):
        path, _, anchor = (one or other).partition("#")
        if "://" in path or path.startswith("mailto:"):
            continue
        there = (file.parent / path) if path else file
        assert there.exists(), f"{one or other} leads nowhere"
        assert not anchor or anchor in anchors(there), f"{one or other}: no such heading"


def anchors(file: Path) -> set[str]:
    """The names that a file's headings have."""
    headings = re.findall(r"^#+ (.+)$", text(file), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
