"""`tracelab show` for files: the drawing, the JSON, standard input, and what is wrong said in one sentence."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from discovery import show
from discovery.errors import Malformed, Unreachable
from tests.discovery import forms
from tests.discovery.making import FIXTURES

ASCEND = str(FIXTURES / "zipkin" / "ascend.json")
ROOT = Path(__file__).parent.parent.parent
_COMMAND = """
import argparse, sys
from discovery import show
parser = argparse.ArgumentParser()
show.arguments(parser)
sys.exit(show.run(parser.parse_args()))
"""


def run(*arguments):
    """Run the command in this process."""
    parser = argparse.ArgumentParser()
    show.arguments(parser)
    return show.run(parser.parse_args(arguments))


def run_outside(*arguments, given=b"", **environment):
    """Run the command in a process of its own; returns what it printed, undecoded."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, *arguments], input=given, capture_output=True, check=True, env=variables
    )
    return done.stdout


def test_a_file_is_drawn(capsys, monkeypatch):
    """A file's trace is drawn within the terminal's width, without colour where nobody watches."""
    monkeypatch.setenv("COLUMNS", "70")
    assert run(ASCEND) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "trace ef86c83c0a05a6d6"
    assert max(map(len, lines)) == 70
    assert "\x1b" not in "".join(lines)


def test_json_has_every_span_and_the_critical_path(capsys):
    """--json prints one object: totals, the spans with self times in tree order, the path as Jaeger spells it."""
    assert run(ASCEND, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["trace_id"], shown["duration_us"], len(shown["spans"])) == ("ef86c83c0a05a6d6", 38793, 8)
    assert shown["spans"][0]["depth"] == 0
    assert sum(part["sectionEnd"] - part["sectionStart"] for part in shown["critical_path"]) == 38793


def test_standard_input():
    """`-` reads a trace from standard input."""
    assert forms.TRACE_ID in run_outside("-", given=forms.FORMS["Jaeger UI"].encode()).decode("utf-8")


def test_a_console_that_knows_no_blocks():
    """With cp949 the drawing is ASCII, while Korean names are kept, and nothing fails."""
    spans = json.dumps([{**forms.zipkin()[0], "name": "주문 접수"}]).encode()
    printed = run_outside("-", given=spans, PYTHONIOENCODING="cp949").decode("cp949")
    assert "order 주문 접수" in printed
    assert "## critical path" in printed


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
@pytest.mark.parametrize(("variables", "coloured"), [({"COLORTERM": "truecolor"}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal(variables, coloured):
    """On a terminal the drawing is as wide as it is, and coloured unless NO_COLOR is set."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 104, 0, 0))
    unset = ("COLUMNS", "NO_COLOR", "COLORTERM", "TRACELAB_BACKEND")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment |= {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-c", _COMMAND, ASCEND]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        printed = b"".join(iter(lambda: _read(ours), b"")).decode("utf-8")
    os.close(ours)
    assert process.returncode == 0
    assert ("\x1b[38;2;" in printed) is coloured
    assert max(map(len, re.sub(r"\x1b\[[\d;]*m", "", printed).splitlines())) == 104


def _read(terminal):
    """Read what was printed; nothing where the other end is closed."""
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's way to say so
        return b""


def test_of_several_traces_the_longest_is_shown(capsys, tmp_path):
    """A file with several traces shows the longest and says so on stderr."""
    other = [{"traceId": "short", "id": "1", "timestamp": 5, "duration": 1}]
    file = tmp_path / "several.json"
    file.write_text(json.dumps([other, forms.zipkin()]), "utf-8")
    assert run(str(file)) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"trace {forms.TRACE_ID}")
    assert printed.err == f"{file} holds 2 traces; this is the longest.\n"


@pytest.mark.parametrize("name", ["missing.json", "folder/missing"])
def test_a_file_that_is_not_there(name):
    """What looks like a path but is none is a sentence with its name, not a search for a trace id."""
    with pytest.raises(Malformed, match="cannot be read"):
        run(name)


def test_no_backend():
    """A trace id with nothing at the backend's address: exit code 4, and what to do next."""
    with pytest.raises(Unreachable, match=r"No tracing backend at http://127\.0\.0\.1:1: .*--backend") as raised:
        run("abc", "--backend", "http://127.0.0.1:1")
    assert raised.value.exit_code == 4


@pytest.mark.parametrize("address", ["http://", "http://a b", "http://[::1", "http://host:port"])
def test_an_address_that_is_none(address):
    """A malformed address is wrong use: exit code 2."""
    with pytest.raises(Malformed, match="is no address of a backend"):
        run("abc", "--backend", address)
