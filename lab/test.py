"""Runs the tests with pytest, whose options it takes: `tracelab test -k payment`."""

from __future__ import annotations

import argparse
import subprocess
import sys

from lab import state


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take whatever pytest takes."""
    parser.prefix_chars = "\0"  # every option is pytest's
    parser.add_argument("pytest", nargs="*", metavar="PYTEST_ARGUMENT", help="given to pytest as they are")


def run(args: argparse.Namespace) -> int:
    """Run pytest in the project's folder."""
    return subprocess.call([sys.executable, "-m", "pytest", *args.pytest], cwd=state.ROOT)
