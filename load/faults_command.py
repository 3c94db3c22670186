"""List the faults that can be injected, or describe one; what it looks like in a trace is shown only when asked for."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator

from load import catalogue
from load.catalogue import Fault
from load.terminal import say

_SCOPES = {
    "request": "rides on single requests: tracelab load SCENARIO --fault SERVICE.FAULT",
    "start": "set when the shop starts: tracelab up --with SERVICE.FAULT",
    "load": "set by the load: tracelab load SCENARIO --fault SERVICE.FAULT",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `tracelab faults`."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="this one in full")
    parser.add_argument("--spoiler", action="store_true", help="with NAME: also what gives it away in a trace")


def run(args: argparse.Namespace) -> int:
    """Print a line for each fault, or one in full."""
    lines = _described(args.name, catalogue.find(args.name), spoiler=args.spoiler) if args.name else _listed()
    say("\n".join(lines))
    return 0


def _listed() -> Iterator[str]:
    for scope, words in _SCOPES.items():
        yield words
        for name, fault in catalogue.catalogue().items():
            if fault.scope == scope:
                default = fault.parameter.default if fault.parameter else ""
                yield f"  {name:24}{default:8}{', '.join(fault.services)}"
        yield ""
    yield "tracelab faults NAME tells what it does to a person, and within which bounds."


def _described(name: str, fault: Fault, *, spoiler: bool) -> Iterator[str]:
    parameter = fault.parameter
    yield name
    yield f"  write      SERVICE.{name}" + (f":{parameter.default}" if parameter else "")
    yield f"  services   {', '.join(fault.services)}"
    yield f"  scope      {_SCOPES[fault.scope].partition(':')[0]}" + ("; hurts others too" if fault.contagious else "")
    if parameter:
        yield f"  parameter  {parameter.sets}: {parameter.least} to {parameter.most}, {parameter.default} if left out"
    yield from _wrapped("seen", fault.seen)
    if spoiler:
        yield from _wrapped("in traces", fault.signature)


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(text, 78, initial_indent=f"  {label:11}", subsequent_indent=" " * 13)
