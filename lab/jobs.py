"""What the child processes do. Imports happen inside: this module is read by the launcher too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType


def serve(app: str, port: int) -> None:
    """Serve one of the shop's applications, or what a learner laid over it."""
    if folder := os.environ.get("TRACELAB_OVERLAY"):
        from lab import overlay

        overlay.install(Path(folder))  # before anything of the shop is imported
    from services.kit import serving

    serving.run(app, "127.0.0.1", port)


def backend(port: int, otlp_port: int, file: str) -> None:
    """Serve the built-in tracing backend, its traces in a file."""
    from backend import command

    command.serve(port, otlp_port, file)


def wire(port: int, to: int, seconds: float) -> None:
    """Be the wire to a server of this machine."""
    from lab import proxy

    proxy.run(port, to, seconds)


def program(*command: str) -> None:
    """Run somebody else's server, and end with it, or it with us."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_dying_with_us())  # noqa: PLW1509

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        child.terminate()

    signal.signal(signal.SIGTERM, end)
    sys.exit(child.wait())


def _dying_with_us() -> Callable[[], object] | None:
    """What makes Linux kill a program when the process that started it was killed."""
    if sys.platform != "linux":
        return None
    import ctypes

    libc, parent_death_signal = ctypes.CDLL(None), 1
    return lambda: libc.prctl(parent_death_signal, signal.SIGKILL)
