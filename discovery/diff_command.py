"""Two traces, or two heaps of them, side by side: what was added, removed, slower."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from discovery import client, duration, run_folder, search, source, terminal
from discovery.client import Backend
from discovery.comparison import Change, changes
from discovery.diff import Row, by_operation, diff
from discovery.errors import Malformed
from discovery.run_folder import Window
from discovery.trace import Trace

_SURE = 0.001  # the chance below which a change is no accident
_MOST = 30  # operations listed
_REPEATED = 2  # of spans that are in one trace only, one after the other and alike


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `tracelab diff`."""
    for name in ("a", "b"):
        parser.add_argument(
            name, metavar=name.upper(), help="a trace's id, a file of traces, a run's folder, or DIR:PHASE of a run"
        )
    parser.add_argument("--backend", metavar="URL", help="query address of Jaeger, Zipkin or the built-in backend")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a drawing")


def run(args: argparse.Namespace) -> int:
    """Compare two traces span by span, or two heaps operation by operation."""
    a, b = _traces(args.a, args), _traces(args.b, args)
    if len(a) == len(b) == 1:
        rows = diff(a[0], b[0])
        lines = [json.dumps(_rows_as_json(rows))] if args.json else list(_drawn(a[0], b[0], rows))
    else:
        found = changes(a, b)
        lines = [json.dumps(_changes_as_json(a, b, found))] if args.json else list(_listed(a, b, found))
    sys.stdout.write("\n".join(map(terminal.printable, lines)) + "\n")
    return 0


def _traces(name: str, args: argparse.Namespace) -> list[Trace]:
    """Read one side; Malformed where it is nothing that could be compared."""
    folder, _, phase = name.rpartition(":") if not Path(name).exists() and ":" in name else (name, "", "")
    if (Path(folder) / "run.json").exists():
        return _of_run(Path(folder), phase, source.backend(args))
    if source.is_file(name):
        return source.of_files([name])
    if not name.strip():
        raise Malformed("A trace id is empty; give a trace's id, a file, or a run's folder.")
    return [client.read(source.backend(args), name)]


def _of_run(folder: Path, phase: str, backend: Backend) -> list[Trace]:
    found = run_folder.read(folder)
    if phase and phase not in found.phases:
        raise Malformed(f"{folder} has no phase {phase!r}; it has: {', '.join(found.phases)}.")
    window: Window = found.phases[phase] if phase else found.whole
    traces = [
        trace
        for trace in search.settled(backend, window.start, window.end)
        if trace.root.parent_id is None and window.holds(trace.root.start)
    ]
    if not traces:
        raise Malformed(
            f"{backend.url} has no trace of {folder}{f':{phase}' if phase else ''}; is it the run's backend?"
        )
    return traces


def _drawn(a: Trace, b: Trace, rows: tuple[Row, ...]) -> Iterator[str]:
    """Draw the merged tree: a sign, the span, its duration in either, and the change."""
    yield f"A  {a.trace_id}  {_time(a.duration)}, {len(a.spans)} spans, {a.errors} red"
    yield f"B  {b.trace_id}  {_time(b.duration)}, {len(b.spans)} spans, {b.errors} red"
    yield ""
    yield f"{'':2}{'service operation':44}{'A':>10}{'B':>10}{'change':>12}"
    for _, alike in groupby(rows, _kind):
        same = list(alike)
        shown = same if same[0].both else same[:_REPEATED]
        yield from map(_line, shown)
        if len(shown) < len(same):
            more = sum(row.span.duration for row in same[len(shown) :])
            yield f"  {'  ' * min(same[0].depth, 12)}... {len(same) - len(shown)} more like it, {_time(more)} together"
    yield ""
    yield "+ only in B   - only in A   ! red"
    for operation in by_operation(rows)[:3]:
        if operation.self_change:
            calls = f"{operation.calls_a} -> {operation.calls_b} spans"
            yield f"{operation.service} {operation.name} itself: {_signed(operation.self_change)}, {calls}"


def _kind(row: Row) -> tuple[object, ...]:
    """What rows that follow one another have in common where they can be summed up."""
    return row.a is None, row.b is None, row.depth, row.span.service, row.span.name


def _line(row: Row) -> str:
    sign = " " if row.both else "-" if row.a else "+"
    name = f"{'  ' * min(row.depth, 12)}{row.span.service} {row.span.name}"
    change = _signed(row.change) if row.both else ""
    before, after = _time(row.a.duration) if row.a else "", _time(row.b.duration) if row.b else ""
    place = f"{sign}{'!' if row.span.error else ' '}{terminal.column(name, 43)}"
    return f"{place} {before:>10}{after:>10}{change:>12}".rstrip()


def _listed(a: list[Trace], b: list[Trace], found: list[Change]) -> Iterator[str]:
    """List operations: calls a trace, median self time, time on critical paths a trace, errors."""
    yield f"A: {len(a)} traces   B: {len(b)} traces; a change of which the chance is below {_SURE:g} has a *"
    yield ""
    yield f" {'service operation':30}{'calls':>11}{'self p50':>18}{'waited for':>11}{'red':>9}"
    for change in found[:_MOST]:
        sign = "+" if not change.a.calls else "-" if not change.b.calls else " "
        calls = f"{change.a.calls:.2g} > {change.b.calls:.2g}"
        own = f"{_time(change.a.self_p50)} > {_time(change.b.self_p50)}"
        star = "*" if change.chance < _SURE else " "
        red = f"{change.a.errors:.0%}>{change.b.errors:.0%}" if change.a.errors or change.b.errors else ""
        name = terminal.column(f"{change.service} {change.name}", 29)
        yield f"{sign}{name} {calls:>11}{own:>18}{_signed(change.added):>10}{star}{red:>9}".rstrip()
    if len(found) > _MOST:
        yield f" ... and {len(found) - _MOST} more that changed less"
    yield ""
    yield "+ only in B   - only in A   calls and waiting per trace; A > B"


def _rows_as_json(rows: tuple[Row, ...]) -> dict[str, Any]:
    """Times in microseconds; null where a trace has no such span."""
    return {
        "spans": [
            {
                "service": row.span.service,
                "name": row.span.name,
                "depth": row.depth,
                "a": row.a.span_id if row.a else None,
                "b": row.b.span_id if row.b else None,
                "a_us": row.a.duration if row.a else None,
                "b_us": row.b.duration if row.b else None,
                "change_us": row.change,
                "self_change_us": row.self_change,
            }
            for row in rows
        ]
    }


def _changes_as_json(a: list[Trace], b: list[Trace], found: list[Change]) -> dict[str, Any]:
    halves = ("calls", "self_p50", "self_p95", "p50", "p95", "errors", "waited")
    return {
        "traces": {"a": len(a), "b": len(b)},
        "operations": [
            {
                "service": change.service,
                "name": change.name,
                "a": {each: round(getattr(change.a, each), 4) for each in halves},
                "b": {each: round(getattr(change.b, each), 4) for each in halves},
                "added_us": round(change.added, 1),
                "chance": float(f"{change.chance:.2g}"),
            }
            for change in found
        ],
    }


def _signed(microseconds: float) -> str:
    return f"{'-' if microseconds < 0 else '+'}{_time(abs(microseconds))}"


def _time(microseconds: float) -> str:
    return duration.spelled(microseconds, "u")
