"""What of a trace never arrived, as far as the trace itself tells: parents that are named, answers that others have."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from discovery import attributes
from discovery.trace import Kind, Span, Trace


@dataclass(frozen=True, slots=True)
class Lost:
    """A parent that never came: its id, whose span it was where that can be told, and the orphans below it.

    What is no answer has its parent in its own service. Only answers: it was a call by somebody who is not told.
    """

    span_id: str
    service: str
    orphans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Hole:
    """A call that was answered, but the answer's span never came, while another call to the same place has one."""

    call: Span
    service: str


@dataclass(frozen=True, slots=True)
class Completeness:
    """What is missing. `firsts` are the spans that say that they have no parent: one, where all is well."""

    lost: tuple[Lost, ...]
    holes: tuple[Hole, ...]
    firsts: tuple[Span, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is known to be missing, and the trace has one beginning."""
        return not self.lost and not self.holes and len(self.firsts) == 1


def completeness(trace: Trace) -> Completeness:
    """Look for what never arrived. Linear."""
    orphans: defaultdict[str, list[Span]] = defaultdict(list)
    for span in trace.roots:
        if span.parent_id is not None:
            orphans[span.parent_id].append(span)
    lost = tuple(Lost(parent, _whose(below), tuple(below)) for parent, below in orphans.items())
    return Completeness(lost, _holes(trace), tuple(span for span in trace.roots if span.parent_id is None))


def _whose(orphans: list[Span]) -> str:
    """Name the service of a lost span by those below it; empty where they are answers only."""
    return next((span.service for span in orphans if span.kind not in (Kind.SERVER, Kind.CONSUMER)), "")


def _holes(trace: Trace) -> tuple[Hole, ...]:
    """Find answered calls without an answer below, where another call to the same place has one."""
    answering: dict[str, str] = {}  # by place: who answers there
    unanswered: list[tuple[str, Span]] = []
    for span in trace.spans:
        if span.kind is not Kind.CLIENT:
            continue
        place = _place(span)
        answer = next((child for child in trace.children[span.span_id] if child.kind is Kind.SERVER), None)
        if place and answer:
            answering.setdefault(place, answer.service)
        elif place and not trace.children[span.span_id] and (not span.error or attributes.http_status(span.attributes)):
            unanswered.append((place, span))
    return tuple(Hole(span, answering[place]) for place, span in unanswered if place in answering)


def _place(span: Span) -> str:
    """Say where a call went: the host and port it names, else the name of the other side; empty where neither is."""
    host, port = span.attributes.get("server.address"), span.attributes.get("server.port", "")
    return attributes.url(span.attributes).netloc or (f"{host}:{port}" if host else span.remote or "")
