"""The bootstrap: what it makes in a fresh clone, and what it says where it cannot."""

from __future__ import annotations

import ast
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEAD = "http://127.0.0.1:9"
# A project that installs itself with nothing from outside, since locks of the real one would be fetched from a network.
PYPROJECT = """
[build-system]
requires = []
build-backend = "build"
backend-path = ["."]
"""
BACKEND = """
import os, zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("tiny.pth", os.path.dirname(os.path.abspath(__file__)))
        wheel.writestr("tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n")
        wheel.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("tiny-1.dist-info/RECORD", "")
    return name
"""
CLI = "import sys; print(sys.argv[1:], sys.flags.utf8_mode, sys.prefix)"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A small project in a folder with a space and Hangul in its name."""
    return small_clone(tmp_path / "새 clone")


def small_clone(folder: Path) -> Path:
    """Make a folder as a fresh clone has it, with empty locks."""
    (folder / "lab").mkdir(parents=True)
    shutil.copy(ROOT / "tracelab", folder)
    for name, text in {
        "requirements.lock": "# nothing\n",
        "requirements-dev.lock": "# nothing\n",
        "pyproject.toml": PYPROJECT,
        "build.py": BACKEND,
        "lab/__init__.py": "",
        "lab/cli.py": CLI,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def start(clone: Path, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    """Start the bootstrap."""
    return subprocess.Popen(
        [sys.executable, str(clone / "tracelab"), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        cwd=clone.parent,
        start_new_session=True,
    )


def said(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    """Wait for its end; return exit code, stdout and stderr."""
    out, error = process.communicate(timeout=120)
    return process.returncode, out.decode("utf-8", "replace"), error.decode("utf-8", "replace")


def test_old_pythons_can_read_it() -> None:
    """The file parses with the grammar of Pythons too old to run the rest, so that they can say so."""
    ast.parse((ROOT / "tracelab").read_text(encoding="utf-8"), feature_version=(3, 7))


def test_two_at_the_same_moment_make_one_venv_and_both_run(clone: Path) -> None:
    """With a space and Hangul in the path, a cp949 console and a dead proxy: one installs, one waits, both run."""
    hostile = {"PYTHONIOENCODING": "cp949", "HTTP_PROXY": DEAD, "HTTPS_PROXY": DEAD}
    both = [start(clone, "demo", str(number), **hostile) for number in range(2)]
    results = [said(process) for process in both]
    assert [code for code, _, _ in results] == [0, 0]
    assert sum("installed in" in error for _, _, error in results) == 1
    for number, (_, out, _) in enumerate(results):
        assert out.startswith(f"['demo', '{number}'] 1 ")
    code, out, error = said(start(clone, "up"))
    assert (code, error) == (0, "")
    assert str(clone / ".venv") in out


def test_a_changed_lock_is_followed_and_what_it_dropped_is_taken_out(clone: Path) -> None:
    """A newer lock updates .venv in place; a package that it no longer names does not stay to act by being there."""
    assert said(start(clone, "up"))[0] == 0
    packages = next((clone / ".venv").rglob("site-packages"))
    stranger = packages / "stranger-1.dist-info"
    stranger.mkdir()
    (stranger / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1\n", encoding="utf-8")
    (stranger / "INSTALLER").write_text("pip\n", encoding="utf-8")
    record = "stranger-1.dist-info/METADATA,,\nstranger-1.dist-info/RECORD,,\n"
    (stranger / "RECORD").write_text(record, encoding="utf-8")
    (clone / "requirements.lock").write_text("# newer\n", encoding="utf-8")
    code, _, error = said(start(clone, "up"))
    assert code == 0
    assert "making .venv" not in error
    assert not (stranger / "METADATA").exists()


def test_an_interrupted_install_is_made_anew(clone: Path) -> None:
    """After kill -9 in the middle the half-made .venv is not believed in; the next start completes it."""
    process = start(clone)
    give_up = time.monotonic() + 60
    while not (clone / ".venv" / "pyvenv.cfg").exists():
        assert time.monotonic() < give_up
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (clone / ".venv" / "tracelab.json").exists()
    code, out, error = said(start(clone, "up"))
    assert code == 0, error
    assert "making .venv" in error
    assert out.startswith("['up'] 1 ")


def test_without_a_network_it_says_so_and_where_the_log_is(clone: Path) -> None:
    """A dead proxy ends the install with one sentence; the user's own pip settings were in force."""
    digest = "0" * 64
    (clone / "requirements.lock").write_text(f"aiosqlite==0.22.1 --hash=sha256:{digest}\n", encoding="utf-8")
    settings = {"HTTPS_PROXY": DEAD, "HTTP_PROXY": DEAD, "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1", "NO_PROXY": ""}
    code, _, error = said(start(clone, "demo", **settings, no_proxy=""))
    assert code == 1
    assert "connect to a network" in error.splitlines()[-1]
    assert (clone / ".tracelab" / "install.log").exists()
    assert not (clone / ".venv" / "tracelab.json").exists()


@pytest.mark.parametrize(
    ("pretence", "told"),
    [
        ("sitecustomize.py:import sys; sys.version_info = (3, 8, 1)", "needs Python 3.11 or newer, and this is 3.8"),
        ("ensurepip.py:raise ImportError", "-venv`"),
    ],
)
def test_what_python_lacks_is_one_sentence(clone: Path, tmp_path: Path, pretence: str, told: str) -> None:
    """An old Python and one without its venv module are told apart, with the command that mends each."""
    name, _, text = pretence.partition(":")
    (tmp_path / name).write_text(text, encoding="utf-8")
    code, _, error = said(start(clone, "demo", PYTHONPATH=str(tmp_path), PATH=""))
    assert code == 1
    assert told in error
    assert len(error.splitlines()) == 1
    assert not (clone / ".venv").exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(clone: Path) -> None:
    """Where nothing can be made, it says where and why."""
    (clone / ".tracelab").write_text("in the way", encoding="utf-8")
    code, _, error = said(start(clone, "demo"))
    assert code == 1
    assert "cannot write to" in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_name_hashes_and_no_host(lock: str) -> None:
    """Every package is pinned with hashes, and nothing says where the lock was made or fetched from."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    pins = [line for line in text.splitlines() if line[:1].isalnum()]
    assert pins
    assert all("==" in line and line.endswith("\\") for line in pins)
    assert "://" not in text
    assert "index" not in text
    assert "find-links" not in text


def test_the_development_lock_holds_the_runtime_lock() -> None:
    """`tracelab test` installs from one lock alone, with the same versions that users run."""
    runtime, development = (
        {line.split(" ")[0] for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if line[:1].isalnum()}
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert runtime <= development
