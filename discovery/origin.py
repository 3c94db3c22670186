"""Where a trace's errors began: the deepest red spans, and how far up each made the spans above it red.

A caller is red because of what it called, as long as it waited for that and did not try again with success. A red span
without such a child is where an error began. Declined is business: a call that was answered with a 4xx by a service
whose own span is not red began no error, unless there is no other in the trace (by OpenTelemetry's conventions for HTTP
such a call is red, and the answer is not).
"""

from __future__ import annotations

from dataclasses import dataclass

from discovery import attributes
from discovery.trace import Kind, Span, Trace

_SLACK = 1_000  # microseconds by which an answer may outlast its call: a caller reads on while the server's span ends

Operation = tuple[str, str, Kind, str]


@dataclass(frozen=True, slots=True)
class Origin:
    """A red span that no other made red; `top` is the highest above it that it made red, itself where none is.

    `explains` tells that the trace's root is red because of it; else it was swallowed above `top`, or nobody waited.
    `retried` tells that the same was tried again later, at some level up to `top`, with success.
    """

    span: Span
    top: Span
    explains: bool
    retried: bool


def origins(trace: Trace) -> tuple[Origin, ...]:
    """Find where errors began: first what explains the root, then the others, the earlier end first. Linear.

    Times have to fit: repair clock skew first (`discovery.skew`).
    """
    red = {span.span_id for span in trace.spans if span.error}
    red = {span_id for span_id in red if not _declined(trace.index[span_id], trace)} or red
    again = _succeeded_later(trace, red)
    made: set[str] = set()  # whom a span below made red
    tops: dict[str, Span] = {}
    overcome: dict[str, bool] = {}
    for span in trace.spans:
        if span.span_id not in red:
            continue
        above = trace.index.get(span.parent_id or "")
        overcome[span.span_id] = span.span_id in again
        tops[span.span_id] = span
        if above and above.span_id in red and span.span_id not in again and _waited(above, span):
            made.add(above.span_id)
            overcome[span.span_id] = overcome[above.span_id]
            tops[span.span_id] = tops[above.span_id]
    began = [top for top in tops if top not in made]
    root = trace.root
    found = [Origin(trace.index[each], tops[each], tops[each] is root, overcome[each]) for each in began]
    return tuple(sorted(found, key=_importance))


def _importance(origin: Origin) -> tuple[bool, bool, int, int, str]:
    return not origin.explains, origin.retried, origin.span.end, origin.span.start, origin.span.span_id


def chain(origin: Origin, trace: Trace) -> tuple[Span, ...]:
    """Return the spans that an origin made red, from its own to the top."""
    spans = [origin.span]
    while spans[-1] is not origin.top:
        spans.append(trace.index[spans[-1].parent_id or ""])
    return tuple(spans)


def _declined(span: Span, trace: Trace) -> bool:
    """Whether a red call was answered, with a 4xx, by a server that saw nothing wrong."""
    below = [child for child in trace.children[span.span_id] if child.kind is Kind.SERVER]
    is_answer = span.kind is Kind.CLIENT and 400 <= attributes.http_status(span.attributes) < 500
    return is_answer and bool(below) and not any(child.error for child in trace.children[span.span_id])


def _waited(above: Span, span: Span) -> bool:
    """Whether a span had ended when the one above did, or had been answered: what comes later cannot be a cause."""
    return not span.detached and (span.end <= above.end + _SLACK or attributes.http_status(above.attributes) > 0)


def _succeeded_later(trace: Trace, red: set[str]) -> set[str]:
    """Return those red spans after which a sibling of the same operation began that is not red."""
    again: set[str] = set()
    for parent in {trace.index[span_id].parent_id or "" for span_id in red}:
        succeeded: dict[Operation, int] = {}  # when the last that did began
        for span in reversed(trace.children.get(parent, ())):
            if not span.error:
                succeeded.setdefault(_operation(span), span.start)
            elif succeeded.get(_operation(span), span.start) >= span.end > span.start:
                again.add(span.span_id)
    return again


def _operation(span: Span) -> Operation:
    """Name what a span does so that a second try of it has the same name, at another replica too."""
    what = attributes.statement(span.attributes) or attributes.url(span.attributes).path
    return span.service, span.name.casefold(), span.kind, what
