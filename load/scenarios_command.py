"""List the scenarios that come with the program."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator

from load import scenario
from load.scenario import Scenario
from load.terminal import say


def arguments(_parser: argparse.ArgumentParser) -> None:
    """Declare that there are no options."""


def run(_args: argparse.Namespace) -> int:
    """Print the list."""
    say(listing())
    return 0


def listing() -> str:
    """Write each scenario's name, length and what it is about; those that break something come last."""
    found = {name: scenario.find(name) for name in scenario.names()}
    broken = {name: each for name, each in found.items() if any(phase.fault for phase in each.phase)}
    healthy = {name: each for name, each in found.items() if name not in broken}
    return "\n".join(
        [
            "Scenarios: tracelab load NAME, or FILE.toml for your own (docs/scenarios.md)",
            *_group("Nothing is broken, but the load may be too much:", healthy),
            *_group("Something is broken for a while:", broken),
        ]
    )


def _group(title: str, scenarios: dict[str, Scenario]) -> Iterator[str]:
    width = max(map(len, scenarios), default=0)
    yield f"\n{title}"
    for name, each in scenarios.items():
        head = f"  {name:{width}} {_length(each.milliseconds / 1_000):>4}  "
        yield textwrap.fill(each.about, 79, initial_indent=head, subsequent_indent=" " * len(head))


def _length(seconds: float) -> str:
    return f"{seconds:.0f}s" if seconds < 90 else f"{seconds / 60:.0f}m"
