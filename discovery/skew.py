"""Clock skew: times of one trace measured by clocks that disagree, found by calls that do not hold their answers.

After the clock skew adjuster of Jaeger (cmd/query/app/querysvc/internal/adjuster): a server span lay within the client
span that called it, with as long a way there as back, so one that is shorter is put in the middle of its call, and one
that is longer at its call's start. Here, one process has one clock: all of its spans in the trace move together, by one
shift that suits all of its calls, so that what it measured itself stays as it measured it. docs/analysis.md says what
else differs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf

from discovery import attributes, duration
from discovery.trace import Kind, Span, Trace, assemble

# Microseconds by which times may disagree unrepaired. Senders round to milliseconds, and read one machine's clock in
# several ways; to move spans for that would help nobody, and hide what was measured.
SLACK = 1_000

Clock = tuple[str, str]  # the service, and which instance of it where that is told


@dataclass(frozen=True, slots=True)
class Shift:
    """What was added to all times of one process, in microseconds: below 0 where its clock was ahead."""

    service: str
    instance: str
    microseconds: int
    spans: tuple[str, ...]

    def __str__(self) -> str:
        """Say it to a learner who sees the repaired times."""
        shown = "earlier" if self.microseconds < 0 else "later"
        spans = "its span is" if len(self.spans) == 1 else f"its {len(self.spans)} spans are"
        return f"{self.clock}: {spans} shown {self._far} {shown} than recorded."

    @property
    def clock(self) -> str:
        """Say how the clock was wrong, as the beginning of a sentence."""
        which = f"{self.service} ({self.instance})" if self.instance else self.service
        return f"The clock of {which} was {self._far} {'ahead of' if self.microseconds < 0 else 'behind'} its caller's"

    @property
    def _far(self) -> str:
        return duration.spelled(abs(self.microseconds))


@dataclass(frozen=True, slots=True)
class Repaired:
    """A trace whose times fit, and what was done to it: nothing where `shifts` is empty, and `trace` as it came."""

    trace: Trace
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class _Bound:
    """What one call says: its answer's clock, shifted by least..most more than its caller's, lies within the call."""

    caller: Clock
    least: float
    most: float


def repaired(trace: Trace) -> Repaired:
    """Set the clocks of a trace right by that of its root. Linear but for sorting what moved."""
    clocks = _clocks(trace)
    added = _added(_bounds(trace, clocks))
    if not any(added.values()):
        return Repaired(trace, ())
    ids: defaultdict[Clock, list[str]] = defaultdict(list)
    for span in trace.spans:
        ids[clocks[span.span_id]].append(span.span_id)
    shifts = tuple(Shift(*clock, by, tuple(ids[clock])) for clock, by in added.items() if by)
    return Repaired(assemble(_moved(span, added.get(clocks[span.span_id], 0)) for span in trace.spans), shifts)


def _clocks(trace: Trace) -> dict[str, Clock]:
    """Say by which clock each span was timed. Within its parent's service only an answer may be another instance's."""
    clocks: dict[str, Clock] = {}
    for span in trace.spans:
        above = clocks.get(span.parent_id or "")
        instance = _instance(span)
        own = span.kind not in (Kind.SERVER, Kind.CONSUMER) or not instance
        clock = (span.service, instance)
        clocks[span.span_id] = above if above and above[0] == span.service and own else clock
    return clocks


def _instance(span: Span) -> str:
    told = span.tag("service.instance.id") or span.address.get("ipv4") or span.address.get("ipv6")
    return attributes.text(told) if told else ""


def _bounds(trace: Trace, clocks: Mapping[str, Clock]) -> dict[Clock, list[_Bound]]:
    """Collect what calls say about each clock, the clocks in the order in which the trace reaches them."""
    bounds: dict[Clock, list[_Bound]] = {}
    for span in trace.spans:
        clock = clocks[span.span_id]
        known = bounds.setdefault(clock, [])
        call = trace.index.get(span.parent_id or "")
        if call is not None and clocks[call.span_id] != clock and _tells(call, span):
            known.append(_Bound(clocks[call.span_id], call.start - span.start, _most(call, span)))
    return bounds


def _tells(call: Span, span: Span) -> bool:
    """Whether one span waited for the other, and both have times: a message, say, is not waited for."""
    waited = call.kind is Kind.CLIENT and span.kind is Kind.SERVER and not span.detached
    return waited and call.duration > 0 and span.duration > 0


def _most(call: Span, span: Span) -> float:
    """How far a span may move until it ends with its call; without end where it outlived a call that gave up."""
    return inf if span.duration > call.duration or call.error else call.end - span.end


def _added(bounds: Mapping[Clock, list[_Bound]]) -> dict[Clock, int]:
    """Choose each clock's shift, one after the other, by those chosen before it."""
    added: dict[Clock, int] = {}
    for clock, said in bounds.items():
        known = [(added[each.caller], each) for each in said if each.caller in added]
        least = max((base + each.least for base, each in known), default=-inf)
        most = min((base + each.most for base, each in known), default=inf)
        added[clock] = _chosen(least, most)
    return added


def _chosen(least: float, most: float) -> int:
    """Return 0 where it will do, else the middle; an answer's start binds where it and an end contradict each other.

    No answer begins before its call, but work may go on after it.
    """
    if least <= SLACK and most >= -SLACK:
        return 0
    if least <= most < inf:
        return int(least + most) // 2
    return int(least) if least > SLACK else 0


def _moved(span: Span, by: int) -> Span:
    if not by:
        return span
    events = tuple(replace(event, time=event.time + by) for event in span.events)
    return replace(span, start=span.start + by, events=events)
