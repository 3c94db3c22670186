"""A real browser without a window."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.real.absent import missing

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
)


@dataclass(frozen=True, slots=True)
class Chromium:
    """Opens one page at a time, each in a profile of its own."""

    program: str

    def document(self, url: str, *, after: int = 0) -> str:
        """Return the page's document as HTML, so many milliseconds of its own time after it was loaded."""
        waiting = [f"--virtual-time-budget={after}"] if after else []
        return self._run("--dump-dom", *waiting, url).decode("utf-8")

    def screenshot(self, url: str, file: Path, *, width: int = 1280, height: int = 900) -> None:
        """Save a picture of the page as PNG."""
        self._run(f"--screenshot={file}", f"--window-size={width},{height}", url)

    def _run(self, *arguments: str) -> bytes:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            command = [self.program, *OPTIONS, f"--user-data-dir={profile}", *arguments]
            return subprocess.run(command, capture_output=True, timeout=60, check=True).stdout


def find() -> Chromium:
    """Find the browser."""
    named = os.environ.get("TRACELAB_CHROMIUM")
    found = named or next((path for name in _PROGRAMS if (path := shutil.which(name))), None)
    return Chromium(found or missing("chromium"))
