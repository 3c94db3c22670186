"""`tracelab bundle`: wheels for other machines, and an install from them with the network off."""

from __future__ import annotations

import hashlib
import json
import os
import re
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from lab import demo
from lab.bundle import lock, mail, project, target
from lab.bundle.download import Unreachable
from lab.bundle.folder import Folder
from lab.bundle.target import Target
from lab.bundle.wheels import Wheels
from lab.options import WrongUse
from tests.lab.conftest import Command, free_offset
from tests.lab.test_bootstrap import DEAD, ROOT, said, small_clone, start
from tests.real import absent

LOCK = ROOT / "requirements.lock"
PYTHON = "{}.{}".format(*sys.version_info)
UNREACHABLE = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"), DEAD),
    **dict.fromkeys(("NO_PROXY", "no_proxy", "PIP_FIND_LINKS"), ""),
    "PIP_RETRIES": "0",
    "PIP_NO_CACHE_DIR": "1",
}
Start = Callable[..., Command]


def bootstrap(folder: Path, function: str) -> Callable[..., str | None]:
    """A function of the file `tracelab` of a folder."""
    return runpy.run_path(str(folder / "tracelab"))[function]


def confined(*, files: bool = False) -> list[str]:
    """The words before a command that take its network away (or give it mounts of its own); none where forbidden."""
    words = ["unshare", "--map-root-user", "--mount" if files else "--net"]
    try:
        allowed = subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        allowed = False
    return words if allowed else []


def bundle(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "lab.cli", "bundle", str(folder), *arguments],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        check=False,
    )


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real bundle for this very machine; without an index to make it from, the asking test is skipped."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone: there is nothing to clone again")
    folder = tmp_path_factory.mktemp("kit") / "bundle"
    made = bundle(folder, "--for", bootstrap(ROOT, "this_system")(), "--python", PYTHON)
    if made.returncode == 4:
        sentence = f"no package index answers here ({made.stderr.splitlines()[-1]})"
        if absent.required():
            pytest.fail(f"{sentence}, and TRACELAB_REQUIRE asks for all", pytrace=False)
        pytest.skip(sentence)
    assert made.returncode == 0, made.stderr
    assert f"one machine takes, in MB:\n{PYTHON:>26}\n" in made.stdout
    return folder


@pytest.fixture
def small_lock(tmp_path: Path) -> Path:
    """Two of the real lock's packages, of which one is compiled."""
    path = tmp_path / "small.lock"
    some = [package.line() for package in lock.read(LOCK) if package.name in ("h11", "markupsafe")]
    path.write_text("\n".join(some), encoding="utf-8")
    return path


@pytest.fixture
def unpacked(tmp_path: Path) -> Iterator[Path]:
    """A small project as it is unpacked beside a bundle's wheels, its lock naming one small wheel that is there."""
    folder = small_clone(tmp_path / "받은 bundle")
    (folder / "wheels").mkdir()
    wheel = folder / "wheels" / "pebble-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("pebble.py", "")
        file.writestr("pebble-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: pebble\nVersion: 1\n")
        file.writestr("pebble-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr("pebble-1.dist-info/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (folder / "requirements.lock").write_text(f"pebble==1 --hash=sha256:{digest}\n", encoding="utf-8")
    record(folder, {"linux": ["3.11", "3.12"], "windows": ["3.12"]})
    yield folder
    shutil.rmtree(folder)


def record(folder: Path, made_for: dict[str, list[str]], of: str = "requirements.lock") -> None:
    """Say what the bundle of a folder is for, and which file was its lock."""
    text = json.dumps({"lock": lock.fingerprint(folder / of), "made_for": made_for})
    (folder / "wheels" / "bundle.json").write_text(text, encoding="utf-8")


def test_systems_and_pythons_are_read_and_the_known_ones_named() -> None:
    """Lists with commas, Pythons as ranges too; what is unknown, empty or backwards is told with what is known."""
    assert target.read("windows, linux", "3.12-3.13,3.12") == [
        Target("windows", "3.12"),
        Target("windows", "3.13"),
        Target("linux", "3.12"),
        Target("linux", "3.13"),
    ]
    assert len(target.read(",".join(target.SYSTEMS), "3.11-3.14")) == 20
    for systems, pythons, told in [
        ("macos", "3.12", "'macos' is not known; known are linux, linux-arm64, macos-arm64, macos-x86_64, windows"),
        ("", "3.12", "'' is not known"),
        ("linux", "3.10", "'3.10' is not known; known are 3.11, 3.12, 3.13, 3.14"),
        ("linux", "3.11-", "'' is not known"),
        ("linux", "3.13-3.11", "runs backwards"),
    ]:
        with pytest.raises(WrongUse, match=told.replace(".", r"\.")):
            target.read(systems, pythons)
    assert bootstrap(ROOT, "this_system")() in target.SYSTEMS


def test_markers_are_asked_about_the_learners_machine(tmp_path: Path) -> None:
    """Whatever this machine is, each target gets the packages that its own Python and system need."""
    file = tmp_path / "lock"
    file.write_text(
        "everywhere==1 --hash=sha256:00\n"
        "on-windows==1 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n    # via nothing\n"
        "on-old==1 ; python_full_version < '3.13' and platform_machine == 'arm64' --hash=sha256:00\n",
        encoding="utf-8",
    )
    packages = lock.read(file)

    def needed(system: str, python: str) -> list[str]:
        return [package.name for package in packages if package.is_for(Target(system, python))]

    assert needed("linux", "3.11") == ["everywhere"]
    assert needed("windows", "3.11") == ["everywhere", "on-windows"]
    assert needed("macos-arm64", "3.12") == ["everywhere", "on-old"]
    assert needed("macos-arm64", "3.13") == ["everywhere"]


def test_a_wheel_serves_the_machines_that_its_tags_say(tmp_path: Path) -> None:
    """Plain ones serve all, compiled ones their Python or its successors; what the lock does not name is thrown out."""
    sums = {}
    for name in (
        "plain-1-py3-none-any.whl",
        "stable-1-cp311-abi3-macosx_11_0_universal2.whl",
        "exact-1-cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        "exact-1-cp312-cp312-musllinux_1_2_x86_64.whl",
        "foreign-1-py3-none-any.whl",
    ):
        (tmp_path / name).write_text(name, encoding="utf-8")
        sums[name] = hashlib.sha256(name.encode()).hexdigest()
    packages = [
        lock.Package(
            canonicalize_name(name),
            Version("1"),
            frozenset(digest for file, digest in sums.items() if file.startswith(name)),
        )
        for name in ("plain", "stable", "exact")
    ]
    wheels = Wheels(tmp_path, packages)
    wheels.look()
    assert not (tmp_path / "foreign-1-py3-none-any.whl").exists()

    def missing(system: str, python: str) -> list[str]:
        return [package.name for package in wheels.missing(packages, Target(system, python))]

    assert missing("linux", "3.12") == ["stable"]
    assert missing("linux", "3.13") == missing("windows", "3.12") == ["stable", "exact"]
    assert missing("macos-arm64", "3.14") == missing("macos-x86_64", "3.11") == ["exact"]


def test_what_is_there_is_not_fetched_again(
    kit: Path, small_lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two systems share what is not compiled; a second time needs no index, but for a file that was damaged."""
    path = tmp_path / "bundle"
    both = [Target("linux", PYTHON), Target("windows", PYTHON)]
    told: list[str] = []
    Folder(path, small_lock).fill(both, told.append)
    assert len(list((path / "wheels").glob("*.whl"))) == 3
    assert f"linux, Python {PYTHON} (1 of 2): package 2 of 2: markupsafe" in told
    assert f"windows, Python {PYTHON} (2 of 2): package 1 of 1: markupsafe" in told

    for name, value in UNREACHABLE.items():
        monkeypatch.setenv(name, value)
    again = Folder(path, small_lock)
    again.fill(both[:1], told.append)
    assert "windows" in again.summary()  # what an earlier call has put there stays promised

    damaged = next((path / "wheels").glob("*-win_amd64.whl"))
    damaged.write_bytes(damaged.read_bytes()[:1000])
    with pytest.raises(Unreachable, match=r"connect to a network .* 2 wheels are kept in") as failed:
        Folder(path, small_lock).fill(both, told.append)
    assert failed.value.exit_code == 4


def test_the_manifest_holds_the_sum_of_every_file(kit: Path) -> None:
    """`sha256sum --check` agrees; nothing is left out, and the README names the three commands."""
    lines = (kit / "MANIFEST").read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    files = {path.relative_to(kit).as_posix() for path in kit.rglob("*") if path.is_file()}
    assert set(sums) == files - {"MANIFEST"}
    assert all(hashlib.sha256((kit / name).read_bytes()).hexdigest() == digest for name, digest in sums.items())
    readme = (kit / "README.txt").read_text(encoding="utf-8")
    assert all(f"\n    {command}\n" in readme for command in commands("./") + commands("py "))


def commands(prefix: str) -> list[str]:
    """What a learner types."""
    return ["tar -xf tracelab.tar.gz", f"{prefix}tracelab install", f"{prefix}tracelab demo --once"]


@pytest.mark.parametrize("language", mail.LANGUAGES)
def test_the_mail_has_three_commands_and_the_last_line(language: str) -> None:
    """Both languages name the same commands, Windows' too, the Pythons, the disk needed and the line to see."""
    printed = bundle(ROOT, "--mail", "--lang", language).stdout
    assert all(command in printed for command in commands("./") + commands("py "))
    assert f"\n       {demo.DONE}\n" in printed
    assert all(word in printed for word in ("3.11", "3.14", f"{mail.DISK_MB} MB"))
    assert "{" not in printed


def test_a_clone_installs_with_the_network_off_and_shows_the_last_line(kit: Path, tmp_path: Path) -> None:
    """The whole lock, from ./bundle in a fresh clone: the command answers, and its demo ends as the mail says.

    Where the system lets a test take the network away, it is away; else proxies and pip's index lead nowhere.
    """
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    shutil.copy(ROOT / "tracelab", clone)
    shutil.copytree(kit, clone / "bundle")
    offset = str(free_offset())
    script = "".join(
        f'"$0" "$1" {arguments} || exit 1\n'
        for arguments in ("install", "--help", f"demo --once --port-offset {offset}")
    )
    away = confined()
    if away:
        script = f"ip link set lo up || exit 1\n{script}"
    done = subprocess.run(
        [*away, "sh", "-c", script, sys.executable, str(clone / "tracelab")],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **({} if away else UNREACHABLE)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"installing from {clone / 'bundle' / 'wheels'}, without the network" in done.stderr
    assert "usage: tracelab COMMAND" in done.stdout
    assert done.stdout.splitlines()[-1] == demo.DONE
    used = sum(path.lstat().st_blocks * 512 for name in (".venv", ".tracelab") for path in (clone / name).rglob("*"))
    assert used < (mail.DISK_MB - 20) * 1e6  # the rest is the project itself


def test_an_unpacked_bundle_is_found_and_so_is_one_by_its_name(unpacked: Path, tmp_path: Path) -> None:
    """Wheels beside the project are used without a word of the user; others by TRACELAB_WHEELS."""
    code, _, error = said(start(unpacked, "install", **UNREACHABLE))
    assert code == 0, error
    assert f"installing from {unpacked / 'wheels'}, without the network" in error
    shutil.rmtree(unpacked / ".venv")
    elsewhere = tmp_path / "stick"
    (unpacked / "wheels").rename(elsewhere)
    code, _, error = said(start(unpacked, "install", **UNREACHABLE, TRACELAB_WHEELS=str(elsewhere)))
    assert code == 0, error
    assert f"installing from {elsewhere}, without the network" in error


def test_a_bundle_without_this_machines_wheel_says_what_it_is_for(unpacked: Path) -> None:
    """One sentence: the package, this Python and system, what the bundle was made for, and the command that adds it."""
    (unpacked / "wheels" / "pebble-1-py3-none-any.whl").rename(unpacked / "wheels" / "pebble-1-cp27-cp27m-win32.whl")
    code, _, error = said(start(unpacked, "install", **UNREACHABLE))
    system, last = bootstrap(ROOT, "this_system")(), error.splitlines()[-1]
    assert code == 1
    assert f"has no wheel of pebble 1 for Python {PYTHON} on {system}" in last
    assert "made for linux 3.11, 3.12; windows 3.12" in last
    assert f"`./tracelab bundle --for {system} --python {PYTHON}`" in last
    assert not (unpacked / ".venv" / "tracelab.json").exists()


def test_a_wrong_wheel_is_refused(unpacked: Path) -> None:
    """A file that is not what the lock names is not installed, wherever it comes from."""
    with (unpacked / "wheels" / "pebble-1-py3-none-any.whl").open("ab") as file:
        file.write(b"more")
    code, _, error = said(start(unpacked, "install", **UNREACHABLE))
    assert code == 1
    assert "the wheel of pebble in" in error.splitlines()[-1]
    assert "not the one that the lock names: copy the folder again" in error.splitlines()[-1]


def test_a_bundle_of_another_lock_or_half_made_is_passed_by(unpacked: Path) -> None:
    """It cannot help, so the network is asked; only one that the user names is used whatever it says of itself."""
    wheels_for = bootstrap(unpacked, "wheels_for")
    assert wheels_for("requirements.lock") == str(unpacked / "wheels")
    assert wheels_for("requirements-dev.lock") is None
    for made_for, of in [({"linux": ["3.11"]}, "pyproject.toml"), ({}, "requirements.lock")]:
        record(unpacked, made_for, of)
        assert wheels_for("requirements.lock") is None
    code, _, error = said(start(unpacked, "install", **UNREACHABLE, TRACELAB_WHEELS=str(unpacked / "lab")))
    assert code == 1
    assert "where no wheels are" in error.splitlines()[-1]


def test_what_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    """Unknown systems, a folder that is none or somebody's own, no Docker, no network: what, where, what to do."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "README.txt").write_text("mine", encoding="utf-8")
    for folder, arguments, environment, code, told in [
        ("new", ["--for", "beos"], {}, 2, "'beos' is not known; known are linux"),
        ("file", [], {}, 2, "cannot be written"),
        ("own", [], {}, 2, "holds other things, and no bundle"),
        ("new", ["--images"], {"PATH": str(tmp_path)}, 4, "leave --images out"),
        ("new", [], UNREACHABLE, 4, "connect to a network"),
    ]:
        done = bundle(tmp_path / folder, *arguments, **environment)
        assert done.returncode == code, done.stderr
        assert told in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
    assert (tmp_path / "own" / "README.txt").read_text(encoding="utf-8") == "mine"


def test_a_full_disk_is_one_sentence(kit: Path, tmp_path: Path) -> None:
    """What fits is kept."""
    apart = confined(files=True)
    if not apart:
        pytest.skip("this system lets no test mount a small disk")
    script = f'mount -t tmpfs -o size=1m none {tmp_path} && exec "$0" "$@"'
    command = [sys.executable, "-P", "-m", "lab.cli", "bundle", str(tmp_path), "--for", "linux", "--python", PYTHON]
    local = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(kit / "wheels")}
    done = subprocess.run(
        [*apart, "sh", "-c", script, *command],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **local},
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "is full" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_ctrl_c_keeps_what_is_there(tracelab: Start, tmp_path: Path) -> None:
    """In the middle of a fetch that never ends, Ctrl-C ends it with a line that says how to go on."""
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never answers
        proxy = f"http://127.0.0.1:{silent.getsockname()[1]}"
        hanging = {**UNREACHABLE, **{name: proxy for name, value in UNREACHABLE.items() if value == DEAD}}
        command = tracelab("bundle", str(tmp_path / "bundle"), "--for", "windows", "--python", "3.12", **hanging)
        command.wait_for("windows, Python 3.12 (1 of 1)")
        os.killpg(command.process.pid, signal.SIGINT)
        assert command.end() == 130
    assert "is kept, and the same command goes on from there" in command.text()
    assert "Traceback" not in command.text()


@pytest.mark.parametrize("tracked", [True, False])
def test_the_archive_is_the_project_and_nothing_else(tmp_path: Path, tracked: bool) -> None:
    """With git the tracked files, else all but the ignored ones; programs can be started, and no owner is named."""
    root = tmp_path / "프로젝트"
    for name, text in {
        ".gitignore": "/bundle/\n.venv/\n__pycache__/\n",
        "tracelab": "#!/usr/bin/env python3\n",
        "lab/bundle/주문.py": "",
        "lab/__pycache__/cli.pyc": "",
        ".venv/bin/python": "",
        "bundle/wheels/a.whl": "",
        "wheels/a.whl": "",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    if tracked:
        subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
        subprocess.run(["git", "add", "."], cwd=root, check=True)
    archive = tmp_path / project.NAME
    project.pack(root, archive, frozenset({root / "wheels"}))
    with tarfile.open(archive) as tar:
        members = {member.name: member for member in tar.getmembers()}
    assert set(members) == {".gitignore", "tracelab", "lab/bundle/주문.py"}
    assert members["tracelab"].mode == 0o755
    assert {(member.uid, member.uname) for member in members.values()} == {(0, "")}


def test_both_languages_of_the_page_say_the_same() -> None:
    """docs/offline.md and its Korean side have the same commands, messages and figures, and the demo's last line."""
    pages = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("offline.md", "offline.ko.md")]
    english, korean = ([line for line in page.splitlines() if line.startswith("    ")] for page in pages)
    assert english == korean
    assert f"    {demo.DONE}" in english
    figures, same = (re.findall(r"\d+\.\d+|\d{3}", page) for page in pages)
    assert sorted(figures) == sorted(same)
    said_there, same = (set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)) for page in pages)
    assert said_there == same >= set(target.SYSTEMS)
