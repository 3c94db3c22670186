"""The critical path of one trace, or of many: which operation took how much of them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from discovery import document, duration, source, terminal
from discovery.critical_path import as_json, critical_path
from discovery.errors import Malformed
from discovery.paths import PERCENTILES, Profile, Row, profile
from discovery.trace import Trace

_PLACE = 38  # columns of a service and an operation


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `tracelab critical-path`."""
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="traces as Jaeger, Zipkin or OTLP JSON; - reads standard input"
    )
    source.arguments(parser, since="15m")
    parser.add_argument("--all", action="store_true", help="all traces of a file together, not the longest alone")
    parser.add_argument("--flame", type=Path, metavar="FILE.html", help="also draw flame graphs for p50, p95 and p99")
    parser.add_argument("--json", action="store_true", help="JSON instead of lines")


def run(args: argparse.Namespace) -> int:
    """Print the critical path of the one trace in a file, or what many have together."""
    if len(args.files) == 1 and Path(args.files[0]).is_file() | (args.files[0] == "-") and not (args.all or args.flame):
        return _of_one(document.longest(document.load(args.files[0])), args.json)
    found = profile(source.traces(args, args.files))
    if args.flame:
        _draw(found, args.flame)
    sys.stdout.write((json.dumps(_as_json(found)) if args.json else "\n".join(_table(found))) + "\n")
    return 0


def _of_one(trace: Trace, as_list: bool) -> int:
    sections = critical_path(trace)
    if as_list:
        lines = [json.dumps(as_json(sections))]
    else:
        named = ((part, trace.index[part.span_id]) for part in sections)
        lines = [f"{part.start}-{part.end} us  {part.span_id}  {span.service} {span.name}" for part, span in named]
    sys.stdout.write("\n".join(map(terminal.printable, lines)) + "\n")
    return 0


def _table(found: Profile) -> list[str]:
    if not found.traces:
        return ["No trace was found: look further back (--since), or name files."]
    heads = "".join(f"{f'p{percentile}':>9}" for percentile in PERCENTILES)
    traces = "1 trace" if found.traces == 1 else f"{found.traces} traces"
    first = f"critical paths of {traces}"
    return [f"{first:{_PLACE}}{'traces':>7}{'share':>7}{heads}", *(_line(row) for row in found.rows)]


def _line(row: Row) -> str:
    place = terminal.column(f"{row.service} {row.operation}", _PLACE - 1)
    times = "".join(f"{duration.spelled(row.at[percentile], 'u'):>9}" for percentile in PERCENTILES)
    return f"{place} {row.traces:>7}{row.share:>7.1%}{times}"


def _as_json(found: Profile) -> dict[str, Any]:
    """Times in microseconds."""
    return {
        "traces": found.traces,
        "operations": [
            {
                "service": row.service,
                "operation": row.operation,
                "traces": row.traces,
                "total_us": row.total,
                "share": round(row.share, 4),
                **{f"p{percentile}_us": row.at[percentile] for percentile in PERCENTILES},
            }
            for row in found.rows
        ],
    }


def _draw(found: Profile, path: Path) -> None:
    from discovery.flame_page import page  # noqa: PLC0415 - seldom asked for

    try:
        path.write_text(page(found), encoding="utf-8")
    except OSError as error:
        raise Malformed(f"{path} cannot be written: {error.strerror}.") from None
    sys.stderr.write(f"Flame graphs are in {path}; open it in a browser.\n")
