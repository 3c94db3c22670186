"""Who calls whom, how often, and how often in vain."""

from __future__ import annotations

import argparse
import json
import sys

from discovery import source, terminal
from discovery.dependencies import Link, dependencies


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `tracelab dependencies`."""
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="traces as Jaeger, Zipkin or OTLP JSON; - reads standard input"
    )
    source.arguments(parser, since="1h")
    parser.add_argument("--json", action="store_true", help="one JSON list instead of lines")


def run(args: argparse.Namespace) -> int:
    """Print who calls whom in the traces of files, or in those of a backend."""
    links = dependencies(source.traces(args, args.files))
    if args.json:
        lines = [json.dumps([_as_json(link) for link in links])]
    else:
        lines = [_line(link) for link in links] or ["no calls between services"]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _line(link: Link) -> str:
    share = f" ({link.errors / link.calls:.0%})" if link.errors else ""
    return terminal.printable(f"{link.parent} -> {link.child}  {link.calls} calls, {link.errors} failed{share}")


def _as_json(link: Link) -> dict[str, str | int]:
    return {"parent": link.parent, "child": link.child, "callCount": link.calls, "errorCount": link.errors}
