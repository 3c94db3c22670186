"""The `tracelab` command itself: its table, its errors, and what it tells other commands."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab import state
from lab.cli import COMMANDS

ROOT = Path(__file__).parents[2]


def tracelab(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "lab.cli", *arguments],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_exists_and_explains_itself(name: str) -> None:
    """Each line of the table is a module with a docstring, `arguments` and `run`, whose options all have a help."""
    module = importlib.import_module(COMMANDS[name].module)
    parser = argparse.ArgumentParser()
    module.arguments(parser)
    assert module.__doc__
    assert callable(module.run)
    assert all(action.help for action in parser._actions)


def test_the_readme_lists_the_same_commands() -> None:
    """Whatever the README's table calls `tracelab NAME` exists."""
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("no README.md here")
    named = set(re.findall(r"^\|\s*`(?:\./)?tracelab ([a-z-]+)", readme.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= set(COMMANDS)


def test_help_is_instant() -> None:
    """`tracelab --help` lists every command within 0.3 s of CPU, heavy libraries unread."""
    began = os.times()
    done = tracelab("--help")
    ended = os.times()
    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert ended.children_user + ended.children_system - began.children_user - began.children_system < 0.3


def test_an_unknown_command_is_answered_with_the_nearest() -> None:
    """A typing error ends with exit code 2 and what was probably meant."""
    done = tracelab("domo")
    assert done.returncode == 2
    assert "did you mean demo?" in done.stderr


def test_errors_are_sentences(tmp_path: Path) -> None:
    """An error meant for a user is its sentence on stderr and its exit code, without a traceback."""
    done = tracelab("logs", "nobody", TRACELAB_STATE=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("tracelab: No log lines of 'nobody'")
    assert len(done.stderr.splitlines()) == 1


def test_a_bug_is_told_as_one_and_kept(tmp_path: Path) -> None:
    """Whatever goes wrong unforeseen, the user sees one line, and the traceback is in a file."""
    (tmp_path / "up.lock").mkdir()
    done = tracelab("reset", TRACELAB_STATE=str(tmp_path))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Traceback" in (tmp_path / "crash.log").read_text(encoding="utf-8")


def test_output_survives_a_console_that_cannot_spell_it(tmp_path: Path) -> None:
    """In a cp949 console, and with Hangul in the path, commands print what they can instead of failing."""
    folder = tmp_path / "작업 folder é"
    done = subprocess.run(
        [sys.executable, "-P", "-m", "lab.cli", "doctor", "--port-offset", "7000"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp949", "TRACELAB_STATE": str(folder)},
        timeout=30,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert "작업 folder ?" in done.stdout.decode("cp949")


def test_a_closed_pipe_is_no_error() -> None:
    """`tracelab ... | head -1` ends quietly."""
    first = subprocess.Popen(
        [sys.executable, "-P", "-m", "lab.cli", "doctor"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert first.stdout
    assert first.stderr
    first.stdout.close()
    assert first.stderr.read() == b""
    first.stderr.close()
    first.wait(30)


def test_commands_find_the_shop_that_is_up(tmp_path: Path) -> None:
    """A second terminal reads the running shop's environment; one whose launcher died is not believed."""
    code = "import os; from lab import cli; cli._join_the_shop(); print(os.environ.get('TRACELAB_TARGET'))"
    command = [sys.executable, "-c", code]
    environment = {name: value for name, value in os.environ.items() if name != "TRACELAB_TARGET"}
    environment["TRACELAB_STATE"] = str(tmp_path)
    with state.held(tmp_path):
        state.announce(tmp_path, {"TRACELAB_TARGET": "http://127.0.0.1:1"})
        up = (tmp_path / "up.json").read_text(encoding="utf-8")
        found = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=True)
        mine = {**environment, "TRACELAB_TARGET": "http://mine"}
        kept = subprocess.run(command, env=mine, capture_output=True, encoding="utf-8", check=True)
    (tmp_path / "up.json").write_text(up, encoding="utf-8")
    stale = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=True)
    assert found.stdout.strip() == "http://127.0.0.1:1"
    assert kept.stdout.strip() == "http://mine"
    assert stale.stdout.strip() == "None"


def test_loopback_goes_past_any_proxy() -> None:
    """NO_PROXY is extended, not replaced."""
    code = "import os; from lab import cli; cli._pass_by_proxies(); print(os.environ['NO_PROXY'])"
    environment = {**os.environ, "NO_PROXY": "example.org,localhost"}
    environment.pop("no_proxy", None)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "example.org,localhost,127.0.0.1"


def test_reset_forgets_everything_but_refuses_under_a_running_shop(tmp_path: Path) -> None:
    """Data and logs go; a shop that is up keeps its files."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "order.db").write_text("", encoding="utf-8")
    with state.held(tmp_path):
        assert tracelab("reset", TRACELAB_STATE=str(tmp_path)).returncode == 2
        assert (tmp_path / "data" / "order.db").exists()
    assert tracelab("reset", TRACELAB_STATE=str(tmp_path)).returncode == 0
    assert not (tmp_path / "data").exists()


def test_logs_of_a_trace_come_from_all_services_in_order(tmp_path: Path) -> None:
    """Lines of one trace are sorted by time over all files; lines that are not JSON do no harm."""
    folder = tmp_path / "logs"
    folder.mkdir()
    late = '{"time": "2026-01-01T00:00:02", "service": "order", "message": "second", "trace_id": "ab"}\n'
    early = (
        '{"time": "2026-01-01T00:00:01", "service": "payment", "message": "first", "trace_id": "ab", "sku": "tea"}\n'
    )
    (folder / "order.jsonl").write_text(f"{late}not json\n", encoding="utf-8")
    (folder / "payment.jsonl").write_text(early, encoding="utf-8")
    of_trace = tracelab("logs", "AB", TRACELAB_STATE=str(tmp_path))
    of_service = tracelab("logs", "order", TRACELAB_STATE=str(tmp_path))
    assert of_trace.stdout.splitlines() == [
        "2026-01-01T00:00:01 payment first sku=tea",
        "2026-01-01T00:00:02 order second",
    ]
    assert of_service.stdout.splitlines() == ["2026-01-01T00:00:02 order second", "not json"]


def test_install_and_test_take_their_options() -> None:
    """`install` says what is there; `test` hands everything to pytest, options first or not."""
    assert "is ready" in tracelab("install").stdout
    listed = tracelab("test", "--collect-only", "tests/lab/test_cli.py", "-k", "instant")
    assert "test_help_is_instant" in listed.stdout
    assert tracelab("test", "--no-such-option").returncode == 4


def test_help_of_each_command_is_quick_enough() -> None:
    """A command's own help reads that command's module only."""
    began = time.monotonic()
    assert "--port-offset" in tracelab("up", "--help").stdout
    assert time.monotonic() - began < 5
