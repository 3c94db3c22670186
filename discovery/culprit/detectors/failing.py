"""Faults that make requests fail. Each looks at where errors began; see `discovery.culprit.failure`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from discovery.attributes import http_status
from discovery.culprit.case import Case, Sighting, Suspicion, once, suspicions
from discovery.culprit.detectors.slicing import REPLICA, follows
from discovery.culprit.failure import Failure, How, breaker
from discovery.culprit.sample import Sample
from discovery.culprit.visit import Visit
from discovery.trace import Span

_MOSTLY = 0.8  # of a service's refusals
_IN_A_ROW = 2
_STRETCH = 5  # visits one after the other
_REFUSALS = 3  # of the peer itself, seen before it was cut off


@once
def error(case: Case) -> list[Suspicion]:
    """The service itself says no: its server span is the deepest red one, and nothing below it is.

    Where it says so to everybody for a while, and to nobody at other times, it may have been an outage, too short for
    its callers to cut it off.
    """
    because = "it answered with an error of its own: nothing below its server span is red"
    found = _first(case, "error", How.REFUSED, because=because)
    return [replace(each, alike=("breaker-open",)) if _in_a_row(case, each) else each for each in found]


def _in_a_row(case: Case, suspicion: Suspicion) -> bool:
    """Whether most of what failed at a service failed in stretches in which everything did."""
    failed = suspicion.marked
    visits = [visit for sample in case.troubled for visit in sample.visits.all if visit.service == suspicion.service]
    visits.sort(key=lambda visit: visit.span.start)
    stretches = [len(list(run)) for hit, run in groupby(visits, lambda visit: visit.span.span_id in failed) if hit]
    return sum(length for length in stretches if length >= _STRETCH) > _MOSTLY * sum(stretches)


def exception(case: Case) -> list[Suspicion]:
    """A statement is refused by the database, and the service falls over it: the deepest red span is the statement."""
    return _first(case, "exception", How.STATEMENT, because="its database refused a statement, and it fell over that")


def service_down(case: Case) -> list[Suspicion]:
    """Calls are red, short and without a server span below them: nobody listens where the service should be.

    The service is known by whom the same call leads to in healthy traces.
    """

    def see(sample: Sample) -> Iterator[Sighting]:
        for failure in sample.failures[:1]:
            if failure.how is How.UNREACHED:
                service, operation = case.usual.callee.get(sample.call(failure.span), ("", ""))
                if service:
                    yield Sighting(service, operation, failure.spans)

    return suspicions(case, "service-down", see, because="nobody listens there: calls to it end without an answer")


def partial_failure(case: Case) -> list[Suspicion]:
    """A later step at a service fails although an earlier one there went well, and what was done is taken back."""

    def see(sample: Sample) -> Iterator[Sighting]:
        for failure in sample.failures[:1]:
            if failure.how is How.REFUSED and failure.visit and _earlier(sample, failure):
                yield Sighting(failure.visit.service, failure.visit.operation, failure.spans)

    found = suspicions(
        case,
        "partial-failure",
        see,
        because="a later step failed after an earlier one went well, and what was done had to be taken back",
    )
    refused = {each.service: len(each.sightings) for each in error(case)}
    return [each for each in found if len(each.sightings) >= _MOSTLY * refused.get(each.service, 0)]


def bad_canary(case: Case) -> list[Suspicion]:
    """All errors of a service are of one version or instance of it, which nearly always fails; its others do well."""
    found = []
    for each in error(case):
        if only := follows(case, each, *REPLICA):
            text = f"only {only.tag} {only.value} of it fails, and nearly always"
            found.append(replace(each, fault="bad-canary", because=text))
    return found


def timeout_mismatch(case: Case) -> list[Suspicion]:
    """A caller gives up before the answer comes, though it would have been good: red client span, longer green child.

    One attempt each; a caller that also comes again makes more of it (`metastable`).
    """

    def see(sample: Sample) -> Iterator[Sighting]:
        for spans in _given_up(sample):
            visit, answer = sample.visits.of.get(spans[0].span_id), sample.visits.answers.get(spans[0].span_id)
            if len(spans) < _IN_A_ROW and visit and answer and not answer.span.error:
                yield Sighting(visit.service, visit.operation, (spans[0].span_id, answer.span.span_id))

    return suspicions(
        case, "timeout-mismatch", see, because="it gives up before an answer comes that would have been good"
    )


def retry_storm(case: Case) -> list[Suspicion]:
    """The same call again and again right after it failed. The highest caller that does so has what is below it so."""

    def see(sample: Sample) -> Iterator[Sighting]:
        for visit in sample.visits.all:
            again = _again(sample, visit)
            if again and not any(_again(sample, above) for above in _parents(visit)):
                yield Sighting(visit.service, visit.operation, tuple(span.span_id for span in again))

    return suspicions(case, "retry-storm", see, because="it tries again at once, again and again, whatever failed")


def breaker_open(case: Case) -> list[Suspicion]:
    """Callers refuse at once, without a call, and say so (the event `circuit breaker`): the peer has failed too long.

    Whoever is cut off lowest is the one, provided that it refused by itself rather than came too late.
    """
    refusals = {each.service: len(each.sightings) for each in error(case)}

    def see(sample: Sample) -> Iterator[Sighting]:
        for span in sample.trace.spans:
            peer = breaker(span) if span.error else None
            if peer and refusals.get(peer, 0) >= _REFUSALS:
                yield Sighting(peer, case.busiest.get(peer, ""), (span.span_id,))

    found = suspicions(case, "breaker-open", see, alike=("error",))
    return [replace(each, because="it failed so long that its callers cut it off") for each in lowest(case, found)]


def metastable(case: Case) -> list[Suspicion]:
    """Callers give up on good answers and come again: work for those who gave up keeps the service from the others.

    So it goes on by itself, after what began it is gone.
    """

    def see(sample: Sample) -> Iterator[Sighting]:
        for spans in _given_up(sample):
            place = _called(sample, spans[0], case) if len(spans) >= _IN_A_ROW else None
            if place:
                yield Sighting(*place, tuple(span.span_id for span in spans))

    return suspicions(
        case,
        "metastable",
        see,
        because="its callers gave up on answers that came too late and asked again, so that it worked for nobody",
    )


def _called(sample: Sample, span: Span, case: Case) -> tuple[str, str] | None:
    """Whom a call leads to: by what is below it, else by what is below the same call in healthy traces."""
    answer = sample.visits.answers.get(span.span_id)
    return (answer.service, answer.operation) if answer else case.usual.callee.get(sample.call(span))


def blamed(sample: Sample, case: Case) -> tuple[str, str] | None:
    """Say at which service and operation a trace's first error began; whom nobody reached is named by its callers."""
    first = sample.failures[0]
    if first.how is How.UNREACHED:
        return case.usual.callee.get(sample.call(first.span))
    peer = breaker(first.span) if first.how is How.CUT_OFF else None
    if peer:
        return peer, case.busiest.get(peer, "")
    return (first.visit.service, first.visit.operation) if first.visit else None


def _first(case: Case, fault: str, how: How, because: str) -> list[Suspicion]:
    def see(sample: Sample) -> Iterator[Sighting]:
        for failure in sample.failures[:1]:
            if failure.how is how and failure.visit:
                yield Sighting(failure.visit.service, failure.visit.operation, failure.spans)

    return suspicions(case, fault, see, because=because)


def _given_up(sample: Sample) -> list[list[Span]]:
    """Calls that a caller gave up on, the same call of the same visit together."""
    same: defaultdict[object, list[Span]] = defaultdict(list)
    for failure in sample.failures:
        if failure.how is How.GIVEN_UP:
            same[failure.span.parent_id, sample.call(failure.span)].append(failure.span)
    return list(same.values())


def _earlier(sample: Sample, failure: Failure) -> bool:
    """Whether an earlier visit of the same service went well, and something was done afterwards."""
    visits = sample.visits.all
    own = failure.visit
    before = any(
        own and visit.service == own.service and not visit.span.error and visit.span.end < failure.span.start
        for visit in visits
    )
    return before and any(visit.span.start > failure.span.end for visit in visits)


def _again(sample: Sample, visit: Visit) -> list[Span]:
    """The calls of a visit that were made again after they had failed, but for those that nobody took."""
    same: defaultdict[object, list[Span]] = defaultdict(list)
    for span in visit.calls:
        same[sample.call(span)].append(span)
    for spans in same.values():
        failed = [span for span in spans if span.error and _was_taken(sample, span)]
        if len(spans) > 1 and len(failed) >= len(spans) - 1:
            return spans
    return []


def _was_taken(sample: Sample, span: Span) -> bool:
    answer = sample.visits.answers.get(span.span_id)
    return http_status(span.attributes) > 0 or (
        answer is not None and answer.span.error and answer.span.end <= span.end
    )


def _parents(visit: Visit) -> Iterator[Visit]:
    above = visit.parent
    while above is not None:
        yield above
        above = above.parent


def lowest(case: Case, found: list[Suspicion]) -> list[Suspicion]:
    """Leave out services that call another suspected one: what is cut off lowest is why the others are."""
    suspected = {each.service for each in found}
    edges = {(edge[0], edge[2]) for known in case.usual.edges.values() for edge in known}
    return [
        each
        for each in found
        if not any((each.service, other) in edges for other in suspected if other != each.service)
    ]
