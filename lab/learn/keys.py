"""Single keys from the terminal, without Enter; none where standard input is no terminal."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class Keys:
    """Gives the key that was pressed since the last look."""

    def read(self, seconds: float) -> str:
        """Wait for a key, so long at most; nothing where none was pressed."""
        import time

        time.sleep(seconds)
        return ""


@contextmanager
def pressed() -> Iterator[Keys]:
    """Take keys as they are pressed, and give the terminal back as it was."""
    if not sys.stdin.isatty():
        yield Keys()
        return
    if sys.platform == "win32":
        yield _Windows()
        return
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin.fileno())  # Ctrl-C still interrupts
        yield _Terminal()
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


class _Terminal(Keys):
    def read(self, seconds: float) -> str:
        import os
        import select

        if not select.select([sys.stdin], [], [], seconds)[0]:
            return ""
        return os.read(sys.stdin.fileno(), 1).decode("ascii", "replace").casefold()


class _Windows(Keys):
    def read(self, seconds: float) -> str:
        import time

        msvcrt = importlib.import_module("msvcrt")  # which only Windows has, so that nobody else can check its types

        give_up = time.monotonic() + seconds
        while not msvcrt.kbhit():
            if time.monotonic() > give_up:
                return ""
            time.sleep(0.05)
        return str(msvcrt.getwch()).casefold()
