"""Faults that customers do not notice: every request is answered as ever, and the traces have another shape."""

from __future__ import annotations

from collections.abc import Iterator

from discovery.culprit.case import Case, Sighting, Suspicion, suspicions
from discovery.culprit.sample import Sample
from discovery.culprit.usual import Edge

_ALWAYS = 0.99  # share of the healthy traces that have a call, from which its absence is remarkable
_LATE = 5_000  # microseconds after its parent's end


def _good(sample: Sample, case: Case) -> bool:
    """Whether a customer was answered well, and every span is there."""
    return sample.good and not any(sample.call(span) in case.usual.callee for span in sample.unanswered)


def swallowed_error(case: Case) -> list[Suspicion]:
    """All green, and a step that every such request takes is missing: not even its call was made."""

    def see(sample: Sample) -> Iterator[Sighting]:
        if not _good(sample, case):
            return
        for edge, use in case.usual.edges.get(sample.route, {}).items():
            reads = edge[3].startswith("get ")  # what is read may be remembered
            if use.share >= _ALWAYS and not reads and edge not in sample.edges:
                caller = _caller(sample, edge)
                if caller:
                    yield Sighting(edge[0], edge[1], (caller,))

    return suspicions(
        case,
        "swallowed-error",
        see,
        because="a step that it always took is missing, and yet it answered as if all were well",
    )


def double_charge(case: Case) -> list[Suspicion]:
    """All green, and something is done twice that is always done once: the same calls again, each with its writing."""

    def see(sample: Sample) -> Iterator[Sighting]:
        if not _good(sample, case):
            return
        known = case.usual.edges.get(sample.route, {})
        for edge, visits in sample.edges.items():
            use = known.get(edge)
            if use and len(visits) >= 2 * use.most:
                calls = [visit.call.span_id for visit in visits if visit.call]
                yield Sighting(edge[0], edge[1], (*calls, *(visit.span.span_id for visit in visits)))

    return suspicions(
        case, "double-charge", see, because="it had done twice what is always done once, without an error"
    )


def work_after_response(case: Case) -> list[Suspicion]:
    """A span begins after its parent, the service's server span, has ended."""

    def see(sample: Sample) -> Iterator[Sighting]:
        for visit in sample.visits.all:
            late = [span for span in (*visit.statements, *visit.calls) if span.start > visit.span.end + _LATE]
            if late:
                spans = (visit.span.span_id, *(span.span_id for span in late))
                yield Sighting(visit.service, visit.operation, spans)

    return suspicions(case, "work-after-response", see, because="it goes on working after it has answered")


def _caller(sample: Sample, edge: Edge) -> str | None:
    """The span of the visit that should have made a call; None where it was not there either."""
    return next(
        (visit.span.span_id for visit in sample.visits.all if (visit.service, visit.operation) == edge[:2]), None
    )
