"""`tracelab doctor` on this machine, with no shop up: what it finds wrong, what mends it, and its exit code."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lab.doctor import machine, mends
from tests.lab.conftest import free_offset

_PROXIES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")


def doctor(state: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `tracelab doctor ARGUMENTS` prints, in an environment without proxies or a shop of somebody else's."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("TRACELAB_", "OTEL_"))}
    for name in _PROXIES:
        own.pop(name, None)
    return subprocess.run(
        [sys.executable, "-P", "-m", "lab.cli", "doctor", *arguments],
        env={**own, "TRACELAB_STATE": str(state), "PYTHONUTF8": "1", **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def document(done: subprocess.CompletedProcess[str]) -> tuple[dict[str, dict[str, Any]], str | None]:
    """The checks of `--json` by name, and where the path stops; each has the promised fields and no other."""
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert told.keys() == {"checks", "stops_at"}
    for check in told["checks"]:
        assert check.keys() == {"name", "fine", "needed", "text", "mend"}
        assert bool(check["mend"]) is not check["fine"], check
    wrong = any(check["needed"] and not check["fine"] for check in told["checks"])
    assert done.returncode == int(wrong)
    return {check["name"]: check for check in told["checks"]}, told["stops_at"]


def test_without_a_shop_it_looks_at_the_machine_and_starts_none(tmp_path: Path) -> None:
    """Everything that is needed is fine, the walk is a note that says how to start a shop, and the code is 0."""
    found, stops_at = document(doctor(tmp_path, "--json", "--port-offset", str(free_offset())))
    assert stops_at is None
    assert {"python", "folder", "memory", "clock", "ports", "console", "browser", "proxy", "docker", "jaeger"} <= set(
        found
    )
    assert not found["walk"]["needed"]
    assert found["walk"]["mend"].endswith("tracelab up")
    assert list(tmp_path.iterdir()) == []


def test_a_busy_port_is_named_with_an_offset_that_works(tmp_path: Path) -> None:
    """A port that another program holds is wrong; with the offset of the mend nothing is."""
    offset = free_offset()
    with socket.create_server(("127.0.0.1", 8082 + offset)):
        found, _ = document(doctor(tmp_path, "--json", "--port-offset", str(offset)))
    assert f"{8082 + offset} is taken" in found["ports"]["text"]
    mended = found["ports"]["mend"].split()
    assert mended[-3:-1] == ["up", "--port-offset"]
    assert document(doctor(tmp_path, "--json", *mended[-2:]))[0]["ports"]["fine"]


def test_a_state_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    """It is wrong, the reason is the system's own, and the mend names another folder."""
    (tmp_path / "file").touch()
    found, _ = document(doctor(tmp_path / "file" / "state", "--json"))
    assert not found["folder"]["fine"]
    assert "TRACELAB_STATE" in found["folder"]["mend"]
    assert document(doctor(tmp_path / "state", "--json"))[0]["folder"]["fine"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_state_folder(tmp_path: Path) -> None:
    """A folder that is there, and read-only, is wrong as well."""
    tmp_path.chmod(0o555)
    found, _ = document(doctor(tmp_path, "--json"))
    assert not found["folder"]["fine"]


def test_a_proxy_that_would_take_what_is_meant_for_this_machine(tmp_path: Path) -> None:
    """It is a note, since tracelab passes it by; with the mend applied it is fine."""
    proxy = {"http_proxy": "http://proxy.example:3128", "no_proxy": "example.org"}
    found, _ = document(doctor(tmp_path, "--json", **proxy))
    assert (found["proxy"]["fine"], found["proxy"]["needed"]) == (False, False)
    name, _, value = found["proxy"]["mend"].removeprefix("export ").partition("=")
    assert value == '"example.org,127.0.0.1,localhost"'
    found, _ = document(doctor(tmp_path, "--json", **{**proxy, name: value.strip('"')}))
    assert found["proxy"]["fine"]


def test_a_clock_before_the_programs_own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network is needed to see that a clock is behind; a file of now is none too new."""
    (tmp_path / "lab").mkdir()
    newest = tmp_path / "lab" / "newest.py"
    newest.touch()
    monkeypatch.setattr("lab.state.ROOT", tmp_path)
    assert machine._clock().fine
    os.utime(newest, (time.time() + 3600,) * 2)
    assert "before the newest file" in machine._clock().text
    assert machine._clock().mend


@pytest.mark.parametrize("option", ["--target", "--backend"])
def test_what_is_no_address_is_wrong_use(tmp_path: Path, option: str) -> None:
    """One sentence, with the option and what was expected."""
    done = doctor(tmp_path, option, "http://a:b")
    assert (done.returncode, done.stdout) == (2, "")
    assert option in done.stderr
    assert "expected an address" in done.stderr


@pytest.mark.parametrize(
    ("system", "start", "variable"),
    [
        ("linux", "A='b c' ./tracelab up --port-offset 100", 'export A="$HOME/x"'),
        ("darwin", "A='b c' ./tracelab up --port-offset 100", 'export A="$HOME/x"'),
        ("win32", '$env:A="b c"; py tracelab up --port-offset 100', '$env:A="$HOME/x"'),
    ],
)
def test_commands_are_the_systems_own(monkeypatch: pytest.MonkeyPatch, system: str, start: str, variable: str) -> None:
    """What can be pasted into a POSIX shell is not what PowerShell takes."""
    monkeypatch.setattr(sys, "platform", system)
    assert mends.with_settings({"A": "b c"}, mends.tracelab("up", 100)) == start
    assert mends.exported("A", "$HOME/x") == variable


def test_people_get_lines_of_their_terminals_width(tmp_path: Path) -> None:
    """No line but a command to paste is wider than the terminal; each trouble is followed by its mend."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        offset = taken.getsockname()[1] - 8081
        done = doctor(tmp_path, "--port-offset", str(offset), COLUMNS="80")
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert [line for line in lines if len(line) > 80 and "mend: " not in line] == []
    assert sum(line.startswith(("wrong", "note")) for line in lines) == sum("mend: " in line for line in lines)
    assert lines[-1].startswith("Wrong here: ports.")
