"""List the scenarios that come with the program."""

from __future__ import annotations

import argparse

from load import scenario
from load.terminal import say


def arguments(_parser: argparse.ArgumentParser) -> None:
    """Declare that there are no options."""


def run(_args: argparse.Namespace) -> int:
    """Print the list."""
    say(listing())
    return 0


def listing() -> str:
    """Write each scenario's name and what it is about."""
    names = scenario.names()
    width = max(len(name) for name in names)
    lines = [f"  {name:{width}}  {scenario.find(name).about}" for name in names]
    return "\n".join(["Scenarios (tracelab load NAME, or FILE.toml for one of your own):", *lines])
