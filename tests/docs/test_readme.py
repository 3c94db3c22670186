"""README and FAQ: both languages alike, every command run here or by a test that is named, pictures small."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.cli import COMMANDS
from lab.options import Options
from lab.shop import Shop
from load.catalogue import catalogue
from tests.docs.written import DOCUMENTS, ROOT, blocks, commands, headings, links, text
from tests.lab.conftest import free_offset

PAIRS = [(ROOT / "README.md", ROOT / "README.ko.md"), (ROOT / "docs/faq.md", ROOT / "docs/faq.ko.md")]
WRITTEN = sorted(set().union(*(commands(english) for english, _ in PAIRS)))
_PICTURE = 200_000  # bytes that one may take
_LOAD = ["--duration", "3s", "--rate", "12"]  # in place of half a minute

# Run here, in this order, in a second terminal beside one shop.
RUN = [
    "./tracelab learn",
    "./tracelab faults",
    "./tracelab scenarios",
    "./tracelab --help",
    "./tracelab buy --fault payment.latency:300ms",
    "./tracelab show TRACE_ID",
    "./tracelab logs TRACE_ID",
    "./tracelab diff TRACE_A TRACE_B",
    "./tracelab load",
    "./tracelab load failing-inventory",
    "./tracelab load slow-query --out runs/one",
    "./tracelab find --run runs/one",
    "./tracelab find --since 15m",
    "./tracelab diff runs/one:baseline runs/one:fault",
    "./tracelab critical-path --run runs/one --flame flame.html",
]
# Run by other tests, because they stay up, or want what is not on every machine.
ELSEWHERE = {
    "./tracelab demo": "tests/lab/test_demo.py::test_the_show_fits_a_terminal_and_stays_up",
    "py tracelab demo": "tests/lab/test_bootstrap.py::test_two_at_the_same_moment_make_one_venv_and_both_run",
    "./tracelab up": "tests/lab/test_up.py::test_a_signal_stops_everything",
    "./tracelab up --port-offset 1000": "tests/lab/test_up.py::test_a_signal_stops_everything",
    "./tracelab up --with payment.slow-replica": "tests/lab/test_up.py::test_a_shop_with_faults",
    "./tracelab up --backend jaeger": "tests/lab/test_real_servers.py::test_traces_go_to_the_jaeger_that_was_named",
    "./tracelab up --backend zipkin": "tests/lab/test_real_servers.py::test_traces_go_to_the_zipkin_that_was_named",
    "./tracelab up --overlay DIR": "tests/lab/test_overlay.py::test_a_changed_handler_is_served",
    "./tracelab backend": "tests/backend/test_command.py::test_it_ends_cleanly",
    "./tracelab learn next": "tests/lab/learn/test_lessons.py::test_it_says_what_it_starts",
    "./tracelab learn mystery --level 2": "tests/lab/learn/test_mystery.py::test_a_round_from_its_start_to_its_card",
    "./tracelab bundle": "tests/lab/test_bundle.py::test_a_clone_installs_with_the_network_off_and_shows_the_last_line",
    "./tracelab board": "tests/lab/test_board.py::test_the_end_prints_the_table",
    "./tracelab doctor": "tests/lab/test_doctor_walk.py::test_people_are_told_that_it_is_whole",
    "./tracelab reset": "tests/lab/test_cli.py::test_reset_forgets_everything_but_refuses_under_a_running_shop",
    "./tracelab test": "tests/lab/test_cli.py::test_install_and_test_take_their_options",
    "make check": "tests/docs/test_readme.py::test_make_knows_its_targets",
    "docker compose up -d --wait": "tests/docker/test_compose.py::test_one_order_is_one_whole_trace",
    "docker compose run --rm load slow-payment": (
        "tests/docker/test_compose.py::test_the_culprit_is_named_from_a_container"
    ),
    "docker compose run --rm load failing-inventory": (
        "tests/docker/test_compose.py::test_run_stays_on_the_backend_chosen"
    ),
    "docker compose run --rm lab": "tests/docker/test_compose.py::test_a_trace_is_shown_in_the_terminal",
    "docker compose run --rm lab find --since 5m": (
        "tests/docker/test_compose.py::test_the_culprit_is_named_from_a_container"
    ),
    'docker compose --profile "*" down -v': "tests/docker/test_compose.py::test_down_leaves_only_the_orders",
    "export COMPOSE_ENV_FILES=deploy/zipkin.env": (
        "tests/docker/test_files.py::test_zipkin_env_repeats_every_variable_of_env"
    ),
    '$env:COMPOSE_ENV_FILES = "deploy/zipkin.env"': (
        "tests/docker/test_files.py::test_zipkin_env_repeats_every_variable_of_env"
    ),
}
Type = Callable[[str], str]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Type]:
    """A second terminal beside a shop: give it a command and get its output; TRACE_ID is the latest order's."""
    bought: list[str] = []
    with Shop(Options(state=tmp_path / "state", port_offset=free_offset())) as shop:
        outside = {"TRACELAB_STATE": str(tmp_path / "state"), "TRACELAB_WORK": str(tmp_path / "work")}
        environment = {**os.environ, **shop.environment, **outside, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}

        def type_in(command: str) -> str:
            words = shlex.split(command)[1:]
            words += _LOAD if words[0] == "load" else []
            ids = dict(zip(("TRACE_ID", "TRACE_A", "TRACE_B"), bought[-1:] + bought[-2:], strict=False))
            done = subprocess.run(
                [sys.executable, "-m", "lab.cli", *(ids.get(word, word) for word in words)],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                encoding="utf-8",
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            bought.extend(re.findall(r"^trace ([0-9a-f]{32})$", done.stdout, re.MULTILINE))
            return done.stdout

        type_in("./tracelab buy")
        yield type_in


@pytest.mark.parametrize(("english", "korean"), PAIRS, ids=lambda file: file.name)
def test_both_languages_are_alike(english: Path, korean: Path) -> None:
    """The same code blocks, commands, links and headings, in the same order."""
    assert headings(english) == headings(korean)
    assert blocks(english) == blocks(korean)
    assert commands(english) == commands(korean)
    assert shared(english) == shared(korean)


def shared(file: Path) -> list[str]:
    """Give the targets of the links without what differs by language: the other file's name, its headings' names.

    Word order differs as well, so they are sorted.
    """
    return sorted(link.partition("#")[0].replace(".ko.", ".") for link in links(file))


def test_every_command_is_tried_somewhere() -> None:
    """None is missing in the two tables, and nothing is in them that is not written anywhere."""
    tables = {*RUN, *ELSEWHERE}
    assert set(WRITTEN) - tables == set(), "add them to RUN, or name in ELSEWHERE the test that runs them"
    assert tables - set(WRITTEN) == set(), "no longer written anywhere"


@pytest.mark.parametrize("command", ELSEWHERE)
def test_the_named_test_exists(command: str) -> None:
    """What runs a command elsewhere is really there."""
    file, _, name = ELSEWHERE[command].partition("::")
    assert f"def {name}(" in text(ROOT / file)


@pytest.mark.parametrize("command", [each for each in WRITTEN if each.startswith("./tracelab ")])
def test_its_own_parser_takes_it(command: str) -> None:
    """No option of the documents is one that the command does not have."""
    name, *arguments = shlex.split(command)[1:]
    if name not in {"--help", "test"}:
        parser = argparse.ArgumentParser(name, allow_abbrev=False, exit_on_error=False)
        importlib.import_module(COMMANDS[name].module).arguments(parser)
        parser.parse_intermixed_args(arguments)


def test_they_run_as_written(terminal: Type) -> None:
    """One after the other, each ends well and says something."""
    for command in RUN:
        assert len(terminal(command).splitlines()) > 2, command


def test_make_knows_its_targets() -> None:
    """`make check` is a target, and runs what the README says that it does."""
    if not shutil.which("make"):
        pytest.skip("no make here")
    done = subprocess.run(["make", "--dry-run", "check"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert all(tool in done.stdout for tool in ("ruff check", "mypy --strict", "lint-imports"))


def test_the_number_of_faults() -> None:
    """The README counts as many faults as the catalogue has."""
    count, (english, korean) = len(catalogue()), PAIRS[0]
    assert all(said in text(english) for said in (f"lists all {count}", f"| {count} faults"))
    assert all(said in text(korean) for said in (f"고장 {count}가지", f"| {count}가지"))


def test_pictures_are_small_and_used() -> None:
    """Nobody waits for a picture, and none is kept that no document shows."""
    shown = {(file.parent / link).resolve() for file in DOCUMENTS for link in links(file)}
    for picture in (ROOT / "docs/pictures").iterdir():
        assert picture.stat().st_size < _PICTURE, picture.name
        assert picture in shown, picture.name
