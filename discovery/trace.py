"""The trace model: immutable, the same whatever backend or file it came from.

Times are integers in microseconds since the epoch, the unit of Jaeger's and Zipkin's JSON. OTLP's nanoseconds are
floored, a span's start and its end each by itself, so that a child that lay inside its parent still does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

Value = str | int | float | bool | list["Value"] | dict[str, "Value"]


class Kind(StrEnum):
    """A span's side of a call. Where a sender names none, the span is internal."""

    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"


_NOTHING: Mapping[str, Value] = {}


def _nothing() -> Mapping[str, Value]:
    """Return one empty mapping for all: of each span's, most are empty."""
    return _NOTHING


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at one moment inside a span; `time` in microseconds since the epoch."""

    time: int
    name: str
    attributes: Mapping[str, Value] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class SpanLink:
    """Another span that this one names beside its parent, in the same trace or another."""

    trace_id: str
    span_id: str
    attributes: Mapping[str, Value] = field(default_factory=_nothing)


Detail = TypeVar("Detail", Event, SpanLink)


@dataclass(frozen=True, slots=True)
class Span:
    """One operation of one service.

    `start` (since the epoch) and `duration` are microseconds; 0 where the sender did not say. `resource` says who sent
    it, `scope` which instrumentation made it, `attributes` what it did. `ok` means that its sender called it a success,
    which most leave open. `remote` is the name of the other side where the sender gave one; `address` (the sender's
    own) and `remote_address` hold ipv4, ipv6 and port where Zipkin's form has them. `detached` means that the
    parent did not wait for it (FOLLOWS_FROM). `shared` marks the server's half of a call whose client uses the same
    span id (Zipkin's old propagation).
    """

    trace_id: str
    span_id: str
    parent_id: str | None
    service: str
    name: str
    kind: Kind
    start: int
    duration: int
    error: bool = False
    ok: bool = False
    message: str = ""
    remote: str | None = None
    address: Mapping[str, Value] = field(default_factory=_nothing)
    remote_address: Mapping[str, Value] = field(default_factory=_nothing)
    detached: bool = False
    shared: bool = False
    debug: bool = False
    scope: str = ""
    attributes: Mapping[str, Value] = field(default_factory=_nothing)
    resource: Mapping[str, Value] = field(default_factory=_nothing)
    events: tuple[Event, ...] = ()
    links: tuple[SpanLink, ...] = ()

    @property
    def end(self) -> int:
        """The moment it ended, in microseconds since the epoch."""
        return self.start + self.duration

    def tag(self, name: str) -> Value | None:
        """Return what the span or its sender's resource says under a name; Zipkin's form has both in one place."""
        return self.attributes.get(name, self.resource.get(name))


@dataclass(frozen=True, slots=True)
class Trace:
    """All spans of one request, each once, parents before children and siblings by start. Made by `assemble`.

    `index` and `children` hold every span id, `roots` the spans without a parent in the trace, `missing` the parent ids
    that were named but never received. From `start`, the earliest, in microseconds since the epoch, it is `duration`
    microseconds to the latest end.
    """

    trace_id: str
    spans: tuple[Span, ...]
    index: Mapping[str, Span]
    children: Mapping[str, tuple[Span, ...]]
    roots: tuple[Span, ...]
    missing: tuple[str, ...]
    start: int
    duration: int

    @property
    def root(self) -> Span:
        """The span that stands for the whole: the earliest without any parent, else the earliest orphan."""
        return next((span for span in self.roots if span.parent_id is None), self.roots[0])

    @property
    def services(self) -> tuple[str, ...]:
        """The services' names in the order in which the trace reaches them."""
        return tuple(dict.fromkeys(span.service for span in self.spans))

    @property
    def errors(self) -> int:
        """How many spans are red."""
        return sum(span.error for span in self.spans)

    def span(self, span_id: str | None) -> Span | None:
        """Return the span of that id, if it is in the trace."""
        return self.index.get(span_id or "")

    def walk(self) -> Iterator[tuple[Span, int]]:
        """Every span with its depth in the tree, in the order of `spans`."""
        depth: dict[str, int] = {}
        for span in self.spans:
            depth[span.span_id] = depth[span.parent_id] + 1 if span.parent_id in depth else 0
            yield span, depth[span.span_id]


def assemble(spans: Iterable[Span]) -> Trace:
    """Make one trace of the spans of one trace id, which may be repeated and in any order. ValueError without any."""
    distinct = _timed(_separate_halves(merge_repeats(spans)))
    if not distinct:
        raise ValueError("a trace has at least one span")
    known = {span.span_id for span in distinct}
    below: defaultdict[str, list[Span]] = defaultdict(list)
    roots: list[Span] = []
    by_start = sorted(distinct, key=lambda span: (span.start, -span.duration, span.span_id))
    for span in by_start:
        siblings = below[span.parent_id] if span.parent_id is not None and span.parent_id in known else roots
        siblings.append(span)
    ordered = _depth_first(roots, below)
    if len(ordered) < len(distinct):
        _cut_cycles(by_start, roots, ordered, below)
    return Trace(
        trace_id=distinct[0].trace_id,
        spans=tuple(ordered),
        index={span.span_id: span for span in ordered},
        children={span.span_id: tuple(below.get(span.span_id, ())) for span in ordered},
        roots=tuple(roots),
        missing=tuple(dict.fromkeys(root.parent_id for root in roots if root.parent_id is not None)),
        start=by_start[0].start,
        duration=max(span.end for span in by_start) - by_start[0].start,
    )


def group(spans: Iterable[Span]) -> list[Trace]:
    """Make the traces of a mixed heap of spans, in the order in which their ids appear."""
    heaps: defaultdict[str, list[Span]] = defaultdict(list)
    for span in spans:
        heaps[span.trace_id].append(span)
    return [assemble(heap) for heap in heaps.values()]


def _merge(reports: list[Span]) -> Span:
    """Make one span of all reports of it: Zipkin's senders may report the start first and the rest later.

    Where they differ, the longest is right, whatever came first. Linear in what they hold together.
    """
    first, *others = reports
    if all(other == first for other in others):
        return first
    all_of_it = sorted(reports, key=lambda span: (-span.duration, repr(span)))
    first = all_of_it[0]
    return replace(
        first,
        parent_id=next((each.parent_id for each in all_of_it if each.parent_id), None),
        name=next((each.name for each in all_of_it if each.name), ""),
        error=any(each.error for each in all_of_it),
        message=next((each.message for each in all_of_it if each.message), ""),
        remote=next((each.remote for each in all_of_it if each.remote), None),
        attributes={name: value for each in reversed(all_of_it) for name, value in each.attributes.items()},
        resource={name: value for each in reversed(all_of_it) for name, value in each.resource.items()},
        events=_distinct(event for each in all_of_it for event in each.events),
        links=_distinct(link for each in all_of_it for link in each.links),
    )


def _distinct(details: Iterable[Detail]) -> tuple[Detail, ...]:
    """Leave out repeats; attributes make these unfit for a set."""
    told_apart = {repr((replace(each, attributes={}), sorted(each.attributes.items()))): each for each in details}
    return tuple(told_apart.values())


def identity(span: Span) -> tuple[str, str, Kind]:
    """What tells a repeated report of one span from the other half of a call under the same id."""
    return span.span_id, span.service, span.kind


def merge_repeats(spans: Iterable[Span]) -> list[Span]:
    """Make one span of all reports of each, in the order of the first ones."""
    reports: defaultdict[tuple[str, str, Kind], list[Span]] = defaultdict(list)
    for span in spans:
        reports[identity(span)].append(span)
    return [_merge(each) if len(each) > 1 else each[0] for each in reports.values()]


def _separate_halves(spans: list[Span]) -> list[Span]:
    """Give the server's half of a call under a shared id an id of its own, as the client's child.

    What names the shared id as its parent hangs below the half of its own service, else below the server's, as Jaeger
    has it.
    """
    halves: defaultdict[str, list[Span]] = defaultdict(list)
    for span in spans:
        halves[span.span_id].append(span)
    if len(halves) == len(spans):
        return spans
    for same in halves.values():
        same.sort(key=lambda span: (span.shared, span.kind is not Kind.CLIENT, span.start, span.service, span.kind))
    own_id = {
        identity(span): f"{span.span_id}-{span.kind}" + ("" if number == 1 else str(number))
        for same in halves.values()
        for number, span in enumerate(same)
        if number > 0
    }

    def placed(span: Span) -> Span:
        first = halves[span.span_id][0]
        if span is not first:
            answers = first.kind is Kind.CLIENT and span.kind is Kind.SERVER  # not every sender says that it shares
            shared = span.shared or answers
            return replace(span, span_id=own_id[identity(span)], parent_id=first.span_id, shared=shared)
        candidates = halves.get(span.parent_id or "", [])
        if len(candidates) < 2:
            return span
        parent = next((half for half in reversed(candidates) if half.service == span.service), candidates[-1])
        return replace(span, parent_id=own_id.get(identity(parent), parent.span_id))

    return [placed(span) for span in spans]


def _timed(spans: list[Span]) -> list[Span]:
    """Put spans without any time, which Zipkin's form allows, at the trace's start rather than at the epoch's."""
    earliest = min((span.start for span in spans if span.start or span.duration), default=0)
    return [span if span.start or span.duration else replace(span, start=earliest) for span in spans]


def _depth_first(roots: list[Span], below: Mapping[str, list[Span]]) -> list[Span]:
    ordered: list[Span] = []
    waiting = roots[::-1]
    while waiting:
        span = waiting.pop()
        ordered.append(span)
        waiting.extend(reversed(below.get(span.span_id, ())))
    return ordered


def _cut_cycles(by_start: list[Span], roots: list[Span], ordered: list[Span], below: Mapping[str, list[Span]]) -> None:
    """Make roots of spans that name one another as parents, the earliest first, until a root leads to every span."""
    reached = {span.span_id for span in ordered}
    for span in by_start:
        if span.span_id in reached:
            continue
        below[span.parent_id or ""].remove(span)
        head = replace(span, parent_id=None)
        led_to = _depth_first([head], below)
        roots.append(head)
        ordered += led_to
        reached.update(each.span_id for each in led_to)
