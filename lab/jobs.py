"""What the child processes do. Imports happen inside: this module is read by the launcher too."""

from __future__ import annotations

import signal
import subprocess
import sys
from types import FrameType


def serve(app: str, port: int) -> None:
    """Serve one of the shop's applications."""
    from services.kit import serving

    serving.run(app, "127.0.0.1", port)


def backend(port: int, otlp_port: int) -> None:
    """Serve the built-in tracing backend."""
    from backend import command

    command.serve(port, otlp_port)


def program(*command: str) -> None:
    """Run somebody else's server, and end with it, or it with us."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        child.terminate()

    signal.signal(signal.SIGTERM, end)
    sys.exit(child.wait())
