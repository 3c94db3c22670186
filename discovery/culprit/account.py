"""The account of a request's time: every microsecond of its critical path booked to a place and to a cause.

A trace's duration is the sum of its critical path's sections (`discovery.critical_path`), and each section lies in one
span. What that span is says what the request was waiting for there. So two sets of traces can be compared entry by
entry: what was added is in the entry that grew.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from discovery.critical_path import Section, critical_path
from discovery.culprit.visit import LARGE, Visit, Visits, is_statement, number, text
from discovery.trace import Kind, Span, Trace

_WORTH_MOVING = 2_000  # microseconds of a wait; less is in every request
_LOCKS = ("BEGIN", "LOCK TABLE")


class Part(StrEnum):
    """What a request was waiting for."""

    LEAD = "lead"  # the service itself, before it did anything that has a span
    WORK = "work"  # the service itself, later
    HELD = "held"  # the service itself, between two statements
    READING = "reading"  # its caller, which reads a large answer of the service
    STATEMENT = "statement"  # its database
    LOCK = "lock"  # a lock in its database
    CALL = "call"  # somebody who leaves no span
    WIRE = "wire"  # the way to the service and back: its caller's client span less its own server span
    LOOP = "loop"  # its event loop
    THREAD = "thread"  # a worker thread
    POOL = "pool"  # a database connection
    GIVEN_UP = "given up"  # an answer that it did not wait for to the end


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """Where time went, and for what; `entry` makes each once, so that it is compared by being the same."""

    service: str
    operation: str
    part: Part


@dataclass(frozen=True, slots=True)
class Booking:
    """Microseconds of one entry in one trace, and the spans that they come from."""

    time: int
    spans: tuple[str, ...]


@cache
def entry(service: str, operation: str, part: Part) -> Entry:
    """Return the entry of a service, an operation and a part."""
    return Entry(service, operation, part)


Account = Mapping[Entry, Booking]


@dataclass(slots=True)
class _Line:
    """One section in the book, before waits are moved."""

    visit: Visit | None
    entry: Entry
    time: int
    span_id: str


def account(trace: Trace, found: Visits) -> Account:
    """Book the whole critical path of a trace; times are microseconds and their sum is the path's. Linear."""
    given_up = _given_up(trace, found) if any(span.error for span in trace.spans) else {}
    sides: dict[str, _Sides] = {}
    lines = [_line(section, trace, found, given_up, sides) for section in critical_path(trace)]
    for visit in found.all:
        lines += _moved(lines, visit)
    totals: dict[Entry, int] = {}
    spans: dict[Entry, list[str]] = {}
    for line in lines:
        totals[line.entry] = totals.get(line.entry, 0) + line.time
        spans.setdefault(line.entry, []).append(line.span_id)
    return {each: Booking(time, tuple(dict.fromkeys(spans[each]))) for each, time in totals.items()}


@dataclass(frozen=True, slots=True)
class _Sides:
    """A span's children by their ends and by their starts, with the moments by themselves to look them up."""

    ended: Sequence[Span]
    ends: Sequence[int]
    begun: Sequence[Span]
    starts: Sequence[int]


def _line(
    section: Section, trace: Trace, found: Visits, given_up: Mapping[str, Visit], sides: dict[str, _Sides]
) -> _Line:
    span = trace.index[section.span_id]
    visit, part = found.of.get(span.span_id), Part.WORK
    if caller := given_up.get(span.span_id):
        visit, part = caller, Part.GIVEN_UP
    elif is_statement(span):
        part = Part.LOCK if _is_lock(span) else Part.STATEMENT
    elif span.name == "pool.wait":
        part = Part.POOL
    elif span.kind is Kind.CLIENT or span.kind is Kind.PRODUCER:
        answer = found.answers.get(span.span_id)
        visit, part = (answer, Part.WIRE) if answer else (visit, Part.CALL)
    else:
        visit, part = _own(section, visit, found, sides.get(span.span_id) or _sides(span, trace, sides))
    place = (visit.service, visit.operation) if visit else (span.service, span.name.casefold())
    return _Line(visit, entry(*place, part), section.end - section.start, span.span_id)


def _sides(span: Span, trace: Trace, sides: dict[str, _Sides]) -> _Sides:
    begun = trace.children[span.span_id]
    ended = sorted(begun, key=lambda child: child.end)
    made = _Sides(ended, [child.end for child in ended], begun, [child.start for child in begun])
    sides[span.span_id] = made
    return made


def _own(section: Section, visit: Visit | None, found: Visits, sides: _Sides) -> tuple[Visit | None, Part]:
    """Say what a service did itself, by the children that ended before the section and began after it."""
    before = bisect_right(sides.ends, section.start)
    if not before:
        return visit, Part.LEAD
    last = sides.ended[before - 1]
    answer = found.answers.get(last.span_id)
    if answer and number(answer.span, "http.response.body.size") >= LARGE:
        return answer, Part.READING
    after = bisect_left(sides.starts, section.end)
    held = after < len(sides.begun) and is_statement(sides.begun[after]) and is_statement(last)
    return visit, Part.HELD if held else Part.WORK


def _given_up(trace: Trace, found: Visits) -> dict[str, Visit]:
    """Find calls that ended before a good answer came, and all below them; each leads to the visit that gave up."""
    under: dict[str, Visit] = {}
    for span in trace.spans:
        above = under.get(span.parent_id or "")
        own = found.of.get(span.span_id)
        answer = found.answers.get(span.span_id)
        if above:
            under[span.span_id] = above
        elif span.error and own and answer and answer.span.end > span.end and not answer.span.error:
            under[span.span_id] = own
    return under


def _is_lock(span: Span) -> bool:
    statement = text(span).upper()
    return statement.startswith(_LOCKS) or "FOR UPDATE" in statement


_LIKE = {
    "thread": (Part.THREAD, (Part.LEAD, Part.WORK, Part.HELD)),
    "pool": (Part.POOL, (Part.LEAD, Part.WORK, Part.HELD)),
    "loop": (Part.LOOP, tuple(part for part in Part if part not in (Part.LOOP, Part.GIVEN_UP, Part.READING))),
}


def _moved(lines: list[_Line], visit: Visit) -> list[_Line]:
    """Take what a service says that the request waited for out of the lines that it hides in, the longest first.

    A late loop delays whatever the service was waiting for, the answers of others and its own first step included.
    """
    moved = []
    for what, (part, like) in _LIKE.items():
        left = visit.wait(what)
        if left < _WORTH_MOVING:
            continue
        left -= sum(line.time for line in lines if line.visit is visit and line.entry.part is part)
        hiding = [line for line in lines if line.entry.part in like and _waits_for(line, visit, part)]
        for line in sorted(hiding, key=lambda line: -line.time):
            taken = min(left, line.time)
            if taken > 0:
                left, line.time = left - taken, line.time - taken
                place = entry(visit.service, visit.operation, part)
                moved.append(_Line(visit, place, taken, visit.span.span_id))
    return moved


def _waits_for(line: _Line, visit: Visit, part: Part) -> bool:
    if line.visit is visit:
        return True
    return part is Part.LOOP and line.entry.part is Part.WIRE and line.visit is not None and line.visit.parent is visit
