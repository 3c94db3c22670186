"""List the faults that can be injected; what one looks like in a trace is shown only when asked for."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator

from load import catalogue
from load.catalogue import Fault
from load.terminal import say


_SCOPES = {"request": "single requests", "start": "set when the shop starts", "load": "set by the load"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `tracelab faults`."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="only this one")
    parser.add_argument("--spoiler", action="store_true", help="also what gives it away in a trace")


def run(args: argparse.Namespace) -> int:
    """Print one fault or all."""
    names = list(catalogue.catalogue()) if args.name is None else [args.name]
    say("\n\n".join("\n".join(_described(name, catalogue.find(name), spoiler=args.spoiler)) for name in names))
    return 0


def _described(name: str, fault: Fault, *, spoiler: bool) -> Iterator[str]:
    parameter = fault.parameter
    yield name
    yield f"  write      SERVICE.{name}" + (f":{parameter.default}" if parameter else "")
    yield f"  services   {', '.join(fault.services)}"
    yield f"  scope      {_SCOPES[fault.scope]}" + (", and hurts others too" if fault.contagious else "")
    if parameter:
        yield f"  parameter  {parameter.sets}: {parameter.least} to {parameter.most}, {parameter.default} if left out"
    yield from _wrapped("seen", fault.seen)
    if spoiler:
        yield from _wrapped("in traces", fault.signature)


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(text, 78, initial_indent=f"  {label:11}", subsequent_indent=" " * 13)
