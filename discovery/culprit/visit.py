"""A visit: what one request did in one service, its server span and all that the service did below it.

Verdicts are about visits rather than about single spans: the place where a repair is made is a service and one of its
operations, which is what a server span names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from discovery import attributes
from discovery.trace import Kind, Span, Trace

LARGE = 1_000_000  # bytes of an answer that is worth a word
_DATABASE = (*attributes.STATEMENT, "db.system.name", "db.system")


@dataclass(slots=True)
class Visit:
    """One server span (or consumer span) and what its service did below it, each kind in the order of the tree.

    `call` is the client span that asked for it; `parent` the visit whose service made that call. Filled while a trace
    is read, and left alone afterwards.
    """

    span: Span
    service: str
    operation: str  # in small letters, as Zipkin keeps it
    call: Span | None = None
    parent: Visit | None = None
    statements: list[Span] = field(default_factory=list)
    calls: list[Span] = field(default_factory=list)
    rest: list[Span] = field(default_factory=list)

    def wait(self, what: str) -> int:
        """Microseconds that the service says the request waited for its `loop`, a `thread` or the `pool`."""
        return int(1000 * number(self.span, f"tracelab.wait.{what}"))


@dataclass(frozen=True, slots=True)
class Visits:
    """All visits of a trace in the order of its tree; `of` leads from a span's id to the visit that it belongs to."""

    all: tuple[Visit, ...]
    of: Mapping[str, Visit]
    answers: Mapping[str, Visit]  # by the client span's id: the visit that it led to


def visits(trace: Trace) -> Visits:
    """Sort the spans of a trace into visits. Linear."""
    found: list[Visit] = []
    of: dict[str, Visit] = {}
    answers: dict[str, Visit] = {}
    for span in trace.spans:
        above = trace.index.get(span.parent_id or "")
        kind = span.kind
        if kind is Kind.SERVER or kind is Kind.CONSUMER:
            call = above if above and above.kind is not Kind.SERVER else None
            visit = Visit(span, span.service, span.name.casefold(), call)
            visit.parent = of.get(above.span_id) if above else None
            found.append(visit)
            of[span.span_id] = visit
            if visit.call:
                answers.setdefault(visit.call.span_id, visit)
            continue
        own = of.get(above.span_id) if above else None
        if own is None or own.span.service != span.service:
            continue
        of[span.span_id] = own
        if is_statement(span):
            own.statements.append(span)
        elif kind is Kind.CLIENT or kind is Kind.PRODUCER:
            own.calls.append(span)
        else:
            own.rest.append(span)
    return Visits(tuple(found), of, answers)


def is_statement(span: Span) -> bool:
    """Tell a database span from any other."""
    return not span.attributes.keys().isdisjoint(_DATABASE)


def text(span: Span) -> str:
    """A database span's statement, else its name."""
    return attributes.statement(span.attributes) or span.name


def number(span: Span, name: str) -> float:
    """A tag as a number, 0 where it is none; Zipkin's form has every tag as a text."""
    try:
        return float(span.attributes.get(name, 0))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 0.0


def repeats(visit: Visit) -> int:
    """How often a visit runs the statement that it runs most often."""
    counted = Counter(map(text, visit.statements)) if visit.statements else None
    return max(counted.values()) if counted else 0


def overlapping(visit: Visit) -> bool:
    """Whether two calls of a visit were under way at once."""
    reached = 0
    for call in sorted(visit.calls, key=lambda call: call.start):
        if call.start < reached:
            return True
        reached = max(reached, call.end)
    return False
