"""Prints the log lines of one trace, from all services in order of time, or of one service."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab import state

_TOLD = frozenset({"time", "level", "logger", "service", "message", "trace_id", "span_id", "exception"})


class NoLines(Exception):
    """Nothing was logged under this name."""

    exit_code = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("which", metavar="TRACE_ID|SERVICE", help="for example payment, or the id of a trace")
    parser.add_argument("--json", action="store_true", help="the lines as they were written")


def run(args: argparse.Namespace) -> int:
    """Print the lines."""
    folder = state.logs(state.folder())
    file = folder / f"{args.which}.jsonl"
    lines = list(_lines(file)) if file.parent == folder and file.is_file() else _of_trace(folder, args.which)
    if not lines:
        names = ", ".join(sorted(path.stem for path in folder.glob("*.jsonl"))) or "none yet; start a shop first"
        raise NoLines(f"No log lines of {args.which!r}: give a trace id, or one of these processes: {names}.")
    for line in lines:
        print(json.dumps(line, ensure_ascii=False) if args.json else readable(line))
    return 0


def tail(file: Path, count: int) -> list[str]:
    """The last lines of a log, for people."""
    return [readable(line) for line in list(_lines(file))[-count:]]


def readable(line: dict[str, Any]) -> str:
    """One line for people; what is beyond time, level, service and message follows as name=value."""
    more = "".join(f" {name}={value}" for name, value in line.items() if name not in _TOLD)
    head = " ".join(str(line[name]) for name in ("time", "level", "service", "message") if name in line)
    exception = str(line.get("exception", "")).strip().splitlines()
    return head + more + (f" ({exception[-1]})" if exception else "")


def _of_trace(folder: Path, trace_id: str) -> list[dict[str, Any]]:
    wanted = trace_id.lower()
    found = [line for path in folder.glob("*.jsonl") for line in _lines(path) if line.get("trace_id") == wanted]
    return sorted(found, key=lambda line: str(line.get("time", "")))


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """Read a log; what is not JSON (a traceback, a server of somebody else's) is a message."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for raw in text.splitlines():
        try:
            line = json.loads(raw)
        except ValueError:
            line = None
        if isinstance(line, dict):
            yield line
        elif raw.strip():
            yield {"message": raw}
