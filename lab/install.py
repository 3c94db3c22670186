"""Only makes .venv, which the bootstrap did before this ran; --dev adds what `tracelab test` and `make check` need."""

from __future__ import annotations

import argparse

from lab import state


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--dev", action="store_true", help="with the test and lint tools")


def run(args: argparse.Namespace) -> int:
    """Say what there is."""
    print(f"{state.ROOT / '.venv'} is ready{' with the development tools' if args.dev else ''}; next: ./tracelab demo")
    return 0
