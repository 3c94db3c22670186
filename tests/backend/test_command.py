"""`tracelab backend` as a process: it serves on both ports, ends cleanly, and says what is wrong with a port."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from backend import command
from tests.backend.running import ask, post_json
from tests.discovery import forms
from tests.real import process

ROOT = Path(__file__).parent.parent.parent
_SERVE = "import sys; from backend.command import serve; serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])"


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes otherwise")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly(number, tmp_path):
    """On SIGTERM and on Ctrl-C it closes its ports, prints no traceback and exits with 0, a held connection or not."""
    port, otlp_port = process.free_ports(2)
    child = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(port), str(otlp_port), str(tmp_path / "traces.db")],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    process.wait_until(lambda: process.answers(f"http://127.0.0.1:{port}/health"), 20, lambda: child.poll() is None)
    assert post_json(f"http://127.0.0.1:{otlp_port}/v1/traces", forms.otlp()).status == 200
    assert ask(f"http://127.0.0.1:{port}/api/v2/services").json == ["order"]
    with socket.create_connection(("127.0.0.1", port)):
        child.send_signal(number)
        _, said = child.communicate(timeout=10)
    assert (child.returncode, said) == (0, b"")


def test_a_taken_port_is_named():
    """A port of another program is an error with the port and the option that moves it, and exit code 2."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(command.PortTaken, match=rf"Port {port} on 127\.0\.0\.1 .*--otlp-port") as raised:
            command.listen(port, "--otlp-port")
    assert raised.value.exit_code == 2


def test_the_usual_ports():
    """Without options it is at Zipkin's port and at OTLP's."""
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    parsed = parser.parse_args([])
    assert (parsed.port, parsed.otlp_port) == (9411, 4318)


def test_it_is_never_traced():
    """Importing the backend brings neither the OpenTelemetry SDK nor an instrumentation with it."""
    tracing = "('opentelemetry.sdk', 'opentelemetry.instrumentation')"
    code = f"import sys, backend.command; print([name for name in sys.modules if name.startswith({tracing})])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT, text=True).stdout
    assert printed.strip() == "[]"
