"""Child processes that end with the launcher, however it ends: each reads a pipe that only the launcher can write."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from lab.plan import Process

GRACE = 20.0  # seconds from being told to end until being killed


def context() -> BaseContext:
    """How processes are made here: forked from one that has the libraries, where the system can do that well."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    forkserver = multiprocessing.get_context("forkserver")
    forkserver.set_forkserver_preload(["lab.nursery"])
    return forkserver


def warm_up() -> None:
    """Begin to import the libraries while the launcher still looks at ports and files."""
    context()
    if sys.platform == "linux":
        from multiprocessing import forkserver

        forkserver.ensure_running()


class Child:
    """One run of a planned process; a restart is a new Child."""

    def __init__(self, process: Process, log: Path) -> None:
        """Start it."""
        method = context()
        theirs, self._ours = method.Pipe(duplex=False)
        self.process = process
        self.log = log
        self.started = time.monotonic()
        self._running: BaseProcess = method.Process(  # type: ignore[attr-defined]  # every context has it
            target=_live, args=(theirs, process, log), name=process.name, daemon=True
        )
        self._running.start()
        theirs.close()

    @property
    def sentinel(self) -> int:
        """Ready when the child has ended; for multiprocessing.connection.wait."""
        return self._running.sentinel

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._running.pid or 0

    @property
    def exit_code(self) -> int | None:
        """How it ended: negative for a signal, None while it runs."""
        return self._running.exitcode

    def end(self) -> None:
        """Ask it to end in order; returns at once."""
        self._ours.close()

    def kill(self) -> None:
        """End it at once, as kill -9 does."""
        self._running.kill()

    def wait(self, seconds: float) -> bool:
        """Tell whether it ended within a time."""
        self._running.join(max(0.0, seconds))
        return self._running.exitcode is not None


def _live(life: Connection, process: Process, log: Path) -> None:
    """Become the planned process."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.environ.clear()
    os.environ.update(process.environment)
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()
    process.job(*process.arguments)


def _end_with(life: Connection) -> None:
    """Wait for the pipe's end, then stop this process as SIGTERM would."""
    try:
        life.recv_bytes()
    except (EOFError, OSError):
        _terminate()
    time.sleep(GRACE)
    os._exit(1)


def _terminate() -> None:
    """Send this process SIGTERM: to the main thread, which may be waiting for something else."""
    if sys.platform == "win32":
        signal.raise_signal(signal.SIGTERM)
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
