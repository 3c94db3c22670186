"""Name the culprit from the traces alone: which service, which operation, what trouble, and which spans prove it."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable
from glob import glob
from pathlib import Path

from discovery import client, document, search
from discovery.client import Backend
from discovery.culprit import gather, run_folder
from discovery.culprit.case import Case
from discovery.culprit.judge import judge
from discovery.culprit.sample import read
from discovery.errors import Malformed
from discovery.trace import Trace

_HERE = "http://127.0.0.1:9411"
_UNITS = {"s": 1, "m": 60, "h": 3600}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `tracelab find`."""
    parser.add_argument("--backend", metavar="URL", help="query address of Jaeger, Zipkin or the built-in backend")
    parser.add_argument("--run", type=Path, metavar="DIR", help="the folder of a run (tracelab load --out DIR)")
    parser.add_argument("--since", default="15m", metavar="15m", help="without a run: the latest so many s, m or h")
    parser.add_argument("--against", metavar="15m", help="so long a time right before that was healthy")
    parser.add_argument("--files", nargs="+", metavar="FILE", help="read traces from files instead of a backend")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of words")


def run(args: argparse.Namespace) -> int:
    """Name the culprit, or say why that cannot be done; 0 either way."""
    backend = None if args.files else client.probe(args.backend or os.environ.get("TRACELAB_BACKEND", _HERE))
    case = _case(args, backend)
    verdict = judge(case)
    if args.json:
        sys.stdout.write(json.dumps(verdict.as_json()) + "\n")
        return 0
    from discovery.culprit.telling import tell  # noqa: PLC0415 - draws, for which --json has no need

    tell(verdict, case, _page(args, backend) if backend else None)
    return 0


def _page(args: argparse.Namespace, backend: Backend) -> Callable[[str], str]:
    """Where people look at a trace: as TRACELAB_TRACE_URL has it, since a container sees the backend elsewhere."""
    template = os.environ.get("TRACELAB_TRACE_URL", "")
    if args.backend or "{trace_id}" not in template:
        return backend.page
    return lambda trace_id: template.replace("{trace_id}", trace_id)


def _case(args: argparse.Namespace, backend: Backend | None) -> Case:
    """Bring together what is to be compared."""
    if args.run is not None:
        found = run_folder.read(args.run)
        return gather.of_run(_traces(args, backend, found.whole.start, found.whole.end), found)
    now, since = time.time(), seconds(args.since)
    if args.against and backend:
        before = now - since - seconds(args.against)
        healthy = search.settled(backend, before, now - since)
        return gather.of_windows(healthy, search.settled(backend, now - since, now))
    return gather.split([read(trace) for trace in _traces(args, backend, now - since, now)])


def _traces(args: argparse.Namespace, backend: Backend | None, begin: float, end: float) -> list[Trace]:
    if backend is None:
        return _of_files(args.files)
    return search.settled(backend, begin, end)


def _of_files(patterns: list[str]) -> list[Trace]:
    """Read files by their names or patterns; the spans of one trace may be in several."""
    names = [name for pattern in patterns for name in sorted(glob(pattern, recursive=True)) or [pattern]]  # noqa: PTH207 - Path's takes no absolute ones
    return document.load_all(names)


def seconds(text: str) -> float:
    """Read a time such as 90s, 15m or 2h; Malformed where it is none."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)", text)
    if match is None or float(match[1]) <= 0:
        raise Malformed(f"{text!r} is no length of time; expected one such as 90s, 15m or 2h.")
    return float(match[1]) * _UNITS[match[2]]
