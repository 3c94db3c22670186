"""Compares a trace with the declared table of edges."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

from discovery.trace import Trace

_DECLARED = tomllib.loads(Path(__file__).with_name("expected.toml").read_text(encoding="utf-8"))
SERVICES = tuple(_DECLARED["services"])

Edge = tuple[str, ...]  # parent's service, parent's name, service, name, kind, status


def expected(database: str) -> Counter[Edge]:
    """The edges of a checkout on a database: `sqlite` or `postgres`."""
    return Counter(tuple(field.casefold() for field in row) for row in _DECLARED["calls"] + _DECLARED[database])


def edges(trace: Trace) -> Counter[Edge]:
    """A trace's edges, names in small letters; a parent outside the trace (the client's) counts as none.

    Without `pool.wait`: it is there when every connection was out, which is the load's doing and not the checkout's.
    """
    found: Counter[Edge] = Counter()
    for span in trace.spans:
        if span.name == "pool.wait":
            continue
        parent = trace.span(span.parent_id)
        above = (parent.service, parent.name.casefold()) if parent else ("", "")
        status = "error" if span.error else "unset"
        found[(*above, span.service, span.name.casefold(), str(span.kind), status)] += 1
    return found


def difference(trace: Trace, database: str) -> str:
    """What a trace lacks and has too much, a line each; nothing where it is as declared."""
    found, wanted = edges(trace), expected(database)
    lines = [_line("missing", edge, n) for edge, n in sorted((wanted - found).items())]
    lines += [_line("too much", edge, n) for edge, n in sorted((found - wanted).items())]
    return "\n".join(lines)


def _line(what: str, edge: Edge, number: int) -> str:
    above = f"{edge[0]} {edge[1]}" if edge[0] else "the root"
    return f"{what} {number} x: {above} -> {edge[2]} {edge[3]} ({edge[4]}, {edge[5]})"
