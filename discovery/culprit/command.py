"""Name the culprit from the traces alone: which service, which operation, what trouble, and which spans prove it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable

from discovery import run_folder, search, source
from discovery.client import Backend
from discovery.culprit import gather
from discovery.culprit.case import Case
from discovery.culprit.judge import judge
from discovery.culprit.sample import read
from discovery.run_folder import Run, Window
from discovery.trace import Trace


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `tracelab find`."""
    source.arguments(parser, since="15m")
    parser.add_argument("--against", metavar="15m", help="so long a time right before that was healthy")
    parser.add_argument("--files", nargs="+", metavar="FILE", help="read traces from files instead of a backend")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of words")


def run(args: argparse.Namespace) -> int:
    """Name the culprit, or say why that cannot be done; 0 either way."""
    # What is wrong with the options is said before anybody is asked.
    wanted = source.window(args) if args.run is None else run_folder.read(args.run)
    backend = None if args.files else source.backend(args)
    case = _case(args, backend, wanted)
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


def _case(args: argparse.Namespace, backend: Backend | None, wanted: Window | Run) -> Case:
    """Bring together what is to be compared."""
    if isinstance(wanted, Run):
        return gather.of_stored_run(backend, wanted) if backend else gather.of_run(source.of_files(args.files), wanted)
    if args.against and backend:
        before = Window(wanted.start - source.seconds(args.against), wanted.start)
        return gather.of_windows(_traces(args, backend, before), _traces(args, backend, wanted))
    return gather.split([read(trace) for trace in _traces(args, backend, wanted)])


def _traces(args: argparse.Namespace, backend: Backend | None, window: Window) -> list[Trace]:
    if backend is None:
        return source.of_files(args.files)
    return search.settled(backend, window.start, window.end)
