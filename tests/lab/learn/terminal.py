"""A terminal with one command in it, as a person has it: what it shows, keys for it, and how it is set."""

from __future__ import annotations

import os
import subprocess
import sys
import termios
import time

from tests.lab.learn.conftest import Learner

_TERMINAL = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.executable, [sys.executable, '-P', '-m', 'lab.cli', *sys.argv[1:]])"
)


class Terminal:
    """A terminal with one command in it: what it shows, and keys for it."""

    def __init__(self, learner: Learner, *arguments: str) -> None:
        self._ours, self._theirs = os.openpty()
        self.before = termios.tcgetattr(self._theirs)
        self._shown = ""
        os.set_blocking(self._ours, False)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TERMINAL, *arguments],
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            env={**os.environ, **learner.environment, "TERM": "xterm"},
        )

    @property
    def modes(self) -> list[object]:
        """How the terminal is set."""
        return termios.tcgetattr(self._theirs)

    def press(self, key: str) -> None:
        """Press a key."""
        os.write(self._ours, key.encode())

    def wait_for(self, *texts: str, seconds: float = 60) -> str:
        """Wait until it has shown the texts, in this order, since the last time; give what it has shown by then."""
        at, give_up = 0, time.monotonic() + seconds
        for text in texts:
            while (found := self._shown.find(text, at)) < 0:
                assert time.monotonic() < give_up, f"no {text!r} in:\n{self._shown}"
                self._read()
            at = found + len(text)
        seen, self._shown = self._shown[:at], self._shown[at:]
        return seen

    def end(self) -> int:
        """Wait for the command's end; a terminal that nobody reads from would hold it up."""
        while self.process.poll() is None:
            self._read()
        self._read()
        return self.process.returncode

    def rest(self) -> str:
        """What it has shown since the last wait."""
        return self._shown

    def close(self) -> None:
        """Close the terminal, which ends what is in it."""
        os.close(self._ours)
        os.close(self._theirs)
        self.process.wait(60)

    def _read(self) -> None:
        try:
            self._shown += os.read(self._ours, 65536).decode("utf-8", "replace").replace("\r\n", "\n")
        except BlockingIOError:
            time.sleep(0.02)
