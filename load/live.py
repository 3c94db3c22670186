"""How a run goes, while it does: one live line."""

from __future__ import annotations

import sys

from load.generator import Progress
from load.result import Outcome
from load.terminal import say, spelt

_PLAIN_SECONDS = 5.0  # between two lines where nothing can be rewritten
_WIDTH = 79


class Live:
    """Shows progress on standard error, which leaves standard output to the report."""

    def __init__(self) -> None:
        self._rewrites = sys.stderr.isatty()
        self._next = 0.0

    def show(self, progress: Progress) -> None:
        """Rewrite the line on a terminal; elsewhere write one now and then."""
        if self._rewrites:
            sys.stderr.write(f"\r{spelt(line(progress), sys.stderr):<{_WIDTH}}")
            sys.stderr.flush()
        elif progress.elapsed >= self._next:
            self._next = progress.elapsed + _PLAIN_SECONDS
            say(line(progress), sys.stderr)

    def clear(self) -> None:
        """Leave no half line behind."""
        if self._rewrites:
            sys.stderr.write("\r" + " " * _WIDTH + "\r")
            sys.stderr.flush()


def line(progress: Progress) -> str:
    """Tell where a run stands, in under 80 columns."""
    counts = progress.counts
    parts = [
        f"{progress.phase[:12]} {progress.elapsed:.0f}/{progress.total:.0f} s",
        f"{counts.get(Outcome.OK, 0)} ok",
        f"{counts.get(Outcome.EXPECTED, 0)} expected",
        f"{counts.get(Outcome.ERROR, 0)} errors",
        f"{progress.in_flight} in flight",
    ]
    if dropped := counts.get(Outcome.DROPPED, 0):
        parts.append(f"{dropped} dropped")
    return "  ".join(parts)[:_WIDTH]
