"""Clocks that disagree, across the services of one trace: found by calls that do not enclose their answers, set right.

A server span happened within its client span, whatever the clocks say. Where it does not lie there but would fit, the
clock of its process is off; the best guess is that it lay in the middle, with as long a way there as back (the estimate
of NTP, RFC 5905, which Jaeger's clock skew adjuster uses too). What a service measured with its own clock stays
together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from discovery.culprit.visit import Visit, Visits
from discovery.trace import Span, Trace, assemble

_SLACK = 2_000  # microseconds by which clocks of one machine, or roundings, may differ


def offsets(found: Visits) -> Mapping[str, int]:
    """Say by how many microseconds each service's clock is ahead of the root's, for those that are off."""
    ahead: dict[str, int] = {}
    for visit in found.all:
        if visit.call is None or visit.service in ahead:
            continue
        caller = ahead.get(visit.call.service, 0)
        ahead[visit.service] = caller + (_outside(visit, visit.call) or 0)
    return {service: offset for service, offset in ahead.items() if abs(offset) > _SLACK}


def _outside(visit: Visit, call: Span) -> int | None:
    """Microseconds from the middle of a call to the middle of its answer, where it lies outside and would fit."""
    span = visit.span
    early, late = call.start - span.start, span.end - call.end
    apart = span.end < call.start or span.start > call.end
    # A server span may end a little after its caller has read the headers; then it did not begin late as well.
    skewed = early > _SLACK or (late > _SLACK and -early >= late)
    if not apart and (not skewed or span.duration > call.duration or call.error):
        return None
    return (2 * span.start + span.duration - 2 * call.start - call.duration) // 2


def set_right(trace: Trace, ahead: Mapping[str, int]) -> Trace:
    """Move every span of the services whose clocks are off."""
    return assemble(
        replace(span, start=span.start - ahead[span.service]) if span.service in ahead else span for span in trace.spans
    )
