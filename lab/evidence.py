"""What one trace proves, by itself or beside healthy ones: where time was added, where an error began."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from discovery.self_time import self_times
from discovery.trace import Span, Trace

_TELLING = 0.1  # of a service's added time: smaller parts are not worth a mention


@dataclass(frozen=True, slots=True)
class Finding:
    """A place, and the spans that prove it."""

    service: str
    operation: str
    share: float  # of the added time, or of the failed requests, that the place explains
    trace_id: str
    span_ids: tuple[str, ...]
    reason: str


def added_time(trace: Trace, healthy: Sequence[Trace]) -> Finding | None:
    """The service whose own time grew most over the healthy traces' median; None where nothing grew."""
    usual = _usual_self_times(healthy)
    spans = _by_operation(trace)
    own = {place: sum(times.values()) for place, times in spans.items()}
    added = {place: time - usual.get(place, 0) for place, time in own.items() if time > usual.get(place, 0)}
    by_service: defaultdict[str, float] = defaultdict(float)
    for (name, _), time in added.items():
        by_service[name] += time
    if not by_service:
        return None
    service = max(by_service, key=lambda name: by_service[name])
    places = sorted((place for place in added if place[0] == service), key=lambda place: -added[place])
    telling = [place for place in places if added[place] >= _TELLING * by_service[service]]
    told = ", ".join(f"{place[1]} {_ms(own[place])} (was {_ms(usual.get(place, 0))})" for place in telling)
    share = by_service[service] / sum(by_service.values())
    return Finding(
        service=service,
        operation=telling[0][1],
        share=share,
        trace_id=trace.trace_id,
        span_ids=tuple(span_id for place in telling for span_id in spans[place]),
        reason=f"{share:.0%} of the time added to {len(healthy)} healthy traces is {service}'s own: {told}.",
    )


def error_origin(trace: Trace) -> Finding | None:
    """The red span below which nothing is red; where there are several, the one that ended first."""
    red = [span for span, _ in trace.walk() if span.error]
    origins = [span for span in red if not any(child.error for child in trace.children[span.span_id])]
    if not origins:
        return None
    origin = min(origins, key=lambda span: span.end)
    above = _red_callers(trace, origin)
    reason = (
        f"The error begins in {origin.service} {origin.name}{_said(origin)}: nothing below it is red, "
        f"and {len(above)} red {'span' if len(above) == 1 else 'spans'} above only passed it on."
    )
    share = (1 + len(above)) / len(red)
    span_ids = (origin.span_id, *(span.span_id for span in above))
    return Finding(origin.service, origin.name, share, trace.trace_id, span_ids, reason)


def _usual_self_times(healthy: Sequence[Trace]) -> Mapping[tuple[str, str], float]:
    seen: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for trace in healthy:
        for place, times in _by_operation(trace).items():
            seen[place].append(sum(times.values()))
    return {place: median(times) for place, times in seen.items()}


def _by_operation(trace: Trace) -> dict[tuple[str, str], dict[str, int]]:
    """Self times by span id, under the service and the name of their spans."""
    own = self_times(trace)
    found: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for span in trace.spans:
        found[span.service, span.name][span.span_id] = own[span.span_id]
    return dict(found)


def _red_callers(trace: Trace, origin: Span) -> list[Span]:
    by_id = {span.span_id: span for span in trace.spans}
    found: list[Span] = []
    current = by_id.get(origin.parent_id or "")
    while current is not None and len(found) < len(by_id):
        if current.error:
            found.append(current)
        current = by_id.get(current.parent_id or "")
    return found


def _said(span: Span) -> str:
    status = span.attributes.get("http.response.status_code", span.attributes.get("http.status_code"))
    return f" (HTTP {status})" if status is not None else ""


def _ms(microseconds: float) -> str:
    return f"{microseconds / 1000:.3g} ms"
