"""Where a failed request failed first, and how: the origins of its errors (`discovery.origin`), and what they are.

Where there are several, the one that ended first caused the others, which are retries of it or attempts to clean up.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from discovery.attributes import http_status
from discovery.culprit.visit import Visit, Visits, is_statement
from discovery.origin import chain, origins
from discovery.trace import Kind, Span, Trace

_LONG = 900_000  # microseconds: who refuses does so at once


class How(StrEnum):
    """What kind of span an error began in."""

    REFUSED = "refused"  # a server span: the service itself said no
    OVERDUE = "overdue"  # a server span or a statement that took so long that time ran out
    CUT_OFF = "cut off"  # a server span, whose circuit breaker was open
    STATEMENT = "statement"  # a statement that its database refused
    UNREACHED = "unreached"  # a call that nobody answered
    DENIED = "denied"  # a call that was answered with an error by somebody who leaves no span
    GIVEN_UP = "given up"  # a call that ended before its answer came, whatever that was
    INSIDE = "inside"  # anything else


@dataclass(frozen=True, slots=True)
class Failure:
    """One origin of errors in a trace: the red span, the visit in which it lies, the red spans above it."""

    how: How
    span: Span
    visit: Visit | None
    above: tuple[Span, ...]

    @property
    def spans(self) -> tuple[str, ...]:
        """The span ids that show it, the origin first."""
        return (self.span.span_id, *(span.span_id for span in self.above))


def failures(trace: Trace, found: Visits) -> tuple[Failure, ...]:
    """Find the origins of a trace's errors, the first in time first. Linear."""
    if not any(span.error for span in trace.spans):
        return ()
    began = sorted(origins(trace), key=lambda origin: origin.span.end)
    return tuple(
        Failure(_how(each.span, found), each.span, found.of.get(each.span.span_id), chain(each, trace)[1:])
        for each in began
    )


def _how(span: Span, found: Visits) -> How:
    if is_statement(span):
        return How.OVERDUE if span.duration >= _LONG else How.STATEMENT
    if span.kind is Kind.SERVER:
        return _refusal(span)
    if span.kind is not Kind.CLIENT:
        return How.INSIDE
    answer = found.answers.get(span.span_id)
    if not http_status(span.attributes) and ((answer and answer.span.end > span.end) or _is_timeout(span)):
        return How.GIVEN_UP
    if answer:
        return How.INSIDE
    return How.DENIED if http_status(span.attributes) else How.UNREACHED


def _refusal(span: Span) -> How:
    if breaker(span) is not None:
        return How.CUT_OFF
    return How.OVERDUE if span.duration >= _LONG else How.REFUSED


def _is_timeout(span: Span) -> bool:
    """Whether a caller waited no longer, by the error's own name; connecting is another matter."""
    kind = str(span.attributes.get("error.type", "")).casefold()
    return "timeout" in kind and "connect" not in kind


def breaker(span: Span) -> str | None:
    """Return whom an open circuit breaker of the span's service cut off; None where none was open."""
    for event in span.events:
        if "circuit breaker" in event.name:
            return str(event.attributes.get("peer", ""))
    return None
