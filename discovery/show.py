"""`tracelab show`: one trace of a backend or a file as a waterfall."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from discovery import client, document, source
from discovery.critical_path import as_json, critical_path
from discovery.errors import Malformed
from discovery.self_time import self_times
from discovery.trace import Trace


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `tracelab show`."""
    parser.add_argument(
        "trace", metavar="TRACE_ID|FILE|-", help="a trace's id in the backend, or its JSON file; - reads standard input"
    )
    parser.add_argument("--backend", metavar="URL", help="query address of Jaeger, Zipkin or the built-in backend")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a drawing")


def run(args: argparse.Namespace) -> int:
    """Print the trace."""
    trace = _found(args)
    if args.json:
        print(json.dumps(summary(trace)))
        return 0
    _draw(trace)
    return 0


def summary(trace: Trace) -> dict[str, Any]:
    """Make the JSON of a trace: totals, spans in tree order with self times, critical path; times in microseconds."""
    own = self_times(trace)
    return {
        "trace_id": trace.trace_id,
        "start_us": trace.start,
        "duration_us": trace.duration,
        "services": list(trace.services),
        "errors": trace.errors,
        "missing_parents": list(trace.missing),
        "spans": [
            {
                "span_id": span.span_id,
                "parent_id": span.parent_id,
                "depth": depth,
                "service": span.service,
                "name": span.name,
                "kind": span.kind,
                "start_us": span.start,
                "duration_us": span.duration,
                "self_us": own[span.span_id],
                "error": span.error,
                "message": span.message,
                "attributes": dict(span.attributes),
                "events": [
                    {"time_us": event.time, "name": event.name, "attributes": dict(event.attributes)}
                    for event in span.events
                ],
            }
            for span, depth in trace.walk()
        ],
        "critical_path": as_json(critical_path(trace)),
    }


def _draw(trace: Trace) -> None:
    from rich.console import Console  # noqa: PLC0415 - takes time that --json need not

    from discovery.waterfall import Waterfall  # noqa: PLC0415

    Console().print(Waterfall(trace), crop=False, end="")


def _found(args: argparse.Namespace) -> Trace:
    """Read the file, or ask the backend for the trace; with --backend the name is always a trace's id."""
    name: str = args.trace
    if args.backend is None and source.is_file(name):
        traces = document.load(name)
        if len(traces) > 1:
            print(f"{name} holds {len(traces)} traces; this is the longest.", file=sys.stderr)
        return document.longest(traces)
    if not name.strip():
        raise Malformed("The trace id is empty; give a trace's id, or the path of its JSON file.")
    return client.read(source.backend(args), name)
