"""Name the culprit from the traces alone, with evidence; during a mystery round only for whoever wants to end it."""

from __future__ import annotations

import argparse

from discovery.culprit import command
from lab.learn import mystery
from lab.options import WrongUse


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `tracelab find`."""
    command.arguments(parser)
    parser.add_argument("--end-round", action="store_true", help="end the mystery round that is on, unsolved")


def run(args: argparse.Namespace) -> int:
    """Find."""
    if mystery.is_on():
        if not args.end_round:
            raise WrongUse("A mystery round is on, and find would tell: to end it unsolved, add --end-round.")
        mystery.give_up()
    return command.run(args)
