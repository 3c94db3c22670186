"""Forgets all orders, stored traces and logs; the next start begins afresh."""

from __future__ import annotations

import argparse
import shutil

from lab import state

# The bootstrap's own files stay: another tracelab may be installing.
KEPT = frozenset({"install.lock", "install.log", "up.lock"})


def arguments(_: argparse.ArgumentParser) -> None:
    """Declare no options."""


def run(_: argparse.Namespace) -> int:
    """Empty the state folder, if no shop lives in it."""
    folder = state.folder()
    with state.held(folder):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name not in KEPT:
                path.unlink()
    print(f"{folder} is empty.")
    return 0
