"""A sample: one trace, read once for all detectors."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from discovery import attributes, skew
from discovery.culprit.account import Account, account
from discovery.culprit.failure import Failure, failures
from discovery.culprit.visit import LARGE, Visit, Visits, number, overlapping, repeats, visits
from discovery.skew import Shift
from discovery.trace import Kind, Span, Trace

_STAIRS = 5  # so many more times the same statement make another shape
Call = tuple[str, str, str]  # the caller's service and operation, and what it asked for


@dataclass(frozen=True)
class Sample:
    """What detectors look at: a trace, its visits, where its time went and where it failed."""

    trace: Trace
    visits: Visits
    shifts: tuple[Shift, ...] = ()  # what was done to set clocks right
    _calls: dict[str, Call] = field(default_factory=dict, repr=False, compare=False)  # asked for again and again

    @property
    def shifted(self) -> Mapping[str, tuple[str, ...]]:
        """The spans that were moved, by service."""
        return {shift.service: shift.spans for shift in self.shifts}

    @cached_property
    def account(self) -> Account:
        """Where the time of the critical path went, in microseconds."""
        return account(self.trace, self.visits)

    @cached_property
    def failures(self) -> tuple[Failure, ...]:
        """Where errors began, the first in time first."""
        return failures(self.trace, self.visits)

    @cached_property
    def route(self) -> str:
        """What was asked for: the first visit's operation, with its service."""
        first = self.visits.all[0] if self.visits.all else None
        return f"{first.service} {first.operation}" if first else f"{self.trace.root.service} {self.trace.root.name}"

    @property
    def status(self) -> int:
        """What the customer was answered, as HTTP has it; 0 where that is not told."""
        return attributes.http_status(self.trace.root.attributes)

    @property
    def failed(self) -> bool:
        """Whether the customer got an error; a 4xx is an answer."""
        return self.trace.root.error and not 400 <= self.status < 500

    @property
    def whole(self) -> bool:
        """Whether no span of it is known to be missing."""
        return not self.trace.missing

    @property
    def good(self) -> bool:
        """Whether the customer was answered well, nothing is red, and nothing is known to be missing."""
        return self.status < 400 and not self.trace.errors and self.whole

    def call(self, span: Span) -> Call:
        """Name a call so that it is the same in every trace: who asks, in what, for what kind of path."""
        known = self._calls.get(span.span_id)
        if known is None:
            visit = self.visits.of.get(span.span_id)
            known = span.service, visit.operation if visit else "", f"{span.name.casefold()} {_path(span)}"
            self._calls[span.span_id] = known
        return known

    @cached_property
    def unanswered(self) -> tuple[Span, ...]:
        """Calls below which there is no visit, the client's own included."""
        own = [span for visit in self.visits.all for span in visit.calls if span.span_id not in self.visits.answers]
        root = self.trace.root
        lonely = root.kind is Kind.CLIENT and root.span_id not in self.visits.answers
        return (root, *own) if lonely and root not in own else tuple(own)

    @cached_property
    def edges(self) -> dict[tuple[str, str, str, str], list[Visit]]:
        """Visits by caller's service and operation and their own."""
        found: dict[tuple[str, str, str, str], list[Visit]] = {}
        for visit in self.visits.all:
            if visit.parent is not None:
                key = (visit.parent.service, visit.parent.operation, visit.service, visit.operation)
                found.setdefault(key, []).append(visit)
        return found

    @cached_property
    def shape(self) -> Hashable:
        """What a trace is made of, whatever it took: the same for traces of requests that did the same."""
        visits = self.visits.all
        return (
            frozenset((edge, len(same)) for edge, same in self.edges.items()),
            len(self.unanswered),
            max(map(repeats, visits), default=0) // _STAIRS,
            tuple(overlapping(visit) for visit in visits if len(visit.calls) > 1),
            any(span.start > visit.span.end for visit in visits for span in visit.statements),
            max((number(visit.span, "http.response.body.size") for visit in visits), default=0) >= LARGE,
        )


def read(trace: Trace) -> Sample:
    """Read one trace; where clocks disagree they are set right, and `shifts` says how."""
    repaired = skew.repaired(trace)
    return Sample(repaired.trace, visits(repaired.trace), repaired.shifts)


def _path(span: Span) -> str:
    """The path of a call without what differs from one to the next."""
    parts = attributes.url(span.attributes).path.split("/")
    return "/".join("{}" if any(each.isdigit() for each in part) else part for part in parts)
