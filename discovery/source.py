"""Where a command's traces come from: files, a run's folder, or the latest of a backend."""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Iterable
from glob import glob
from pathlib import Path

from discovery import client, document, run_folder, search
from discovery.client import Backend
from discovery.errors import Malformed
from discovery.run_folder import Window
from discovery.trace import Trace

HERE = "http://127.0.0.1:9411"
_UNITS = {"s": 1, "m": 60, "h": 3600}


def arguments(parser: argparse.ArgumentParser, since: str) -> None:
    """Declare the options that name a backend and a time; `since` is the default."""
    parser.add_argument("--backend", metavar="URL", help="query address of Jaeger, Zipkin or the built-in backend")
    parser.add_argument("--run", type=Path, metavar="DIR", help="the time of a run (tracelab load --out DIR)")
    parser.add_argument("--since", metavar=since, help=f"the latest so many s, m or h (default: {since})")
    parser.set_defaults(since_default=since)


def backend(args: argparse.Namespace) -> Backend:
    """Probe the backend that is meant: the one named, else the one of the shop that is up, else the usual address."""
    return client.probe(args.backend or os.environ.get("TRACELAB_BACKEND") or HERE)


def window(args: argparse.Namespace) -> Window:
    """Return the time that is meant; Malformed where it cannot be read."""
    if args.run is not None:
        return run_folder.read(args.run).whole
    now = time.time()
    return Window(now - seconds(args.since or args.since_default), now)


def traces(args: argparse.Namespace, files: Iterable[str]) -> list[Trace]:
    """Read the traces of files, where there are any, else those of the backend in the time that is meant."""
    names = list(files)
    if names:
        return of_files(names)
    wanted = window(args)
    return search.settled(backend(args), wanted.start, wanted.end)


def of_files(patterns: Iterable[str]) -> list[Trace]:
    """Read files by their names, folders or patterns; the spans of one trace may be in several."""
    return document.load_all([name for pattern in patterns for name in _names(pattern)])


def is_file(name: str) -> bool:
    """Tell a file's name from a trace's id: there is one, or it looks like one; - is standard input."""
    return name == "-" or Path(name).exists() or os.sep in name or name.endswith(".json")


def _names(pattern: str) -> list[str]:
    if Path(pattern).is_dir():
        return sorted(map(str, Path(pattern).rglob("*.json"))) or [pattern]
    if Path(pattern).exists():
        return [pattern]
    return sorted(glob(pattern, recursive=True)) or [pattern]  # noqa: PTH207 - Path's takes no absolute ones


def seconds(text: str) -> float:
    """Read a time such as 90s, 15m or 2h; Malformed where it is none."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)", text)
    if match is None or float(match[1]) <= 0:
        raise Malformed(f"{text!r} is no length of time; expected one such as 90s, 15m or 2h.")
    return float(match[1]) * _UNITS[match[2]]
