"""Who calls whom, counted over traces by the rules of Zipkin's DependencyLinker (zipkin2.internal.DependencyLinker)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from discovery.trace import Kind, Span, Trace

Parents = Mapping[str, Span | None]


@dataclass(frozen=True, slots=True)
class Link:
    """How often one service called another, and how often that failed."""

    parent: str
    child: str
    calls: int
    errors: int


@dataclass(frozen=True, slots=True)
class _Call:
    parent: str
    child: str
    error: bool


def dependencies(traces: Iterable[Trace]) -> list[Link]:
    """Count the calls between services, sorted by names."""
    calls: Counter[tuple[str, str]] = Counter()
    errors: Counter[tuple[str, str]] = Counter()
    for trace in traces:
        for call in _calls(trace):
            calls[call.parent, call.child] += 1
            errors[call.parent, call.child] += call.error
    return [Link(*pair, calls[pair], errors[pair]) for pair in sorted(calls)]


def _calls(trace: Trace) -> Iterator[_Call]:
    """Give each call once: a client with children leaves it to the server's span, which knows its own name best."""
    root = trace.root
    parents = {span.span_id: _parent(span, trace, root) for span in trace.spans}
    remotes = _remote_ancestors(trace, parents)
    waited_on = {parent.span_id for parent in parents.values() if parent}
    for span in trace.spans:
        if span.kind is Kind.CLIENT and span.span_id in waited_on:
            continue
        kind = span.kind
        if kind is Kind.INTERNAL and span.service and span.remote:
            kind = Kind.CLIENT  # a sender that named both sides meant a call
        if kind in (Kind.PRODUCER, Kind.CONSUMER):
            yield from _message(span)
        elif kind in (Kind.SERVER, Kind.CLIENT):
            yield from _request(span, kind, parents, remotes[span.span_id])


def _parent(span: Span, trace: Trace, root: Span) -> Span | None:
    """Return the parent as Zipkin sees it (zipkin2.internal.SpanNode).

    What has lost its parent is below the root, if that came. A call's server half is a parent only to what has the same
    service and all of its address.
    """
    if span is root:
        return None
    parent = trace.span(span.parent_id)
    if parent is None:
        return root if root.parent_id is None else None
    client = trace.span(parent.parent_id) if parent.shared else None
    same = (parent.service, parent.address) == (span.service, span.address)
    return client if client and not same else parent


def _remote_ancestors(trace: Trace, parents: Parents) -> Parents:
    """Return for each span the closest one above that is a side of a call."""
    found: dict[str, Span | None] = {}
    for span in trace.spans:  # parents come first, but for the root, which an orphan may precede: it has none
        above = parents[span.span_id]
        found[span.span_id] = found.get(above.span_id) if above and above.kind is Kind.INTERNAL else above
    return found


def _message(span: Span) -> Iterator[_Call]:
    """A message goes by way of its broker, which has to be named; the other side is another call."""
    if span.service and span.remote:
        ends = (span.service, span.remote) if span.kind is Kind.PRODUCER else (span.remote, span.service)
        yield _Call(*ends, span.error)


def _request(span: Span, kind: Kind, parents: Parents, remote: Span | None) -> Iterator[_Call]:
    is_client = kind is Kind.CLIENT
    caller = span.service if is_client else span.remote
    callee = span.remote if is_client else span.service
    error = span.error
    if remote and remote.service:
        if is_client and span.service and remote.service != span.service:
            yield _Call(remote.service, span.service, error=False)  # a call whose server left no span
        if not is_client or not caller:
            caller = remote.service
        # Zipkin looks for the client by the parent's id: neither a shared half, which has the client's id itself, nor
        # one that has lost its parent finds it.
        if remote.kind is Kind.CLIENT and remote is parents[span.span_id] and span.parent_id in parents:
            error = error or (remote.error and not span.shared)
    if caller and callee:
        yield _Call(caller, callee, error)
