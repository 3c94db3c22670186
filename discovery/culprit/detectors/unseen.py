"""Faults of the tracing itself: what is missing in the traces, or wrong in them, while the shop works well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from discovery.culprit.case import Case, Sighting, Suspicion, suspicions
from discovery.culprit.detectors.failing import blamed, lowest
from discovery.culprit.failure import How
from discovery.culprit.sample import Sample
from discovery.trace import Kind, Span


def broken_propagation(case: Case) -> list[Suspicion]:
    """A call has nothing below it, and what it called stands elsewhere as a trace of its own, rooted in a server span.

    The caller did not pass the trace's headers on.
    """
    begun = {place for sample in case.troubled for place in _begun(sample)}

    def see(sample: Sample) -> Iterator[Sighting]:
        for span, callee in _unanswered(sample, case):
            if callee in begun:
                service, operation, _ = sample.call(span)
                yield Sighting(service, operation, (span.span_id,))

    return suspicions(
        case,
        "broken-propagation",
        see,
        because="what it called began traces of its own: it did not pass the trace's headers on",
    )


def missing_instrumentation(case: Case) -> list[Suspicion]:
    """Calls to a service are answered well and have nothing below them, and no trace at all has a span of it."""
    heard = {visit.service for sample in case.troubled for visit in sample.visits.all}

    def see(sample: Sample) -> Iterator[Sighting]:
        for span, (service, operation) in _unanswered(sample, case):
            if service not in heard:
                yield Sighting(service, operation, (span.span_id,))

    return suspicions(
        case, "missing-instrumentation", see, because="calls to it are answered, but it never sends a span"
    )


def lost_spans(case: Case) -> list[Suspicion]:
    """Spans name a parent that is nowhere, now and then, and all such parents were one service's.

    What nothing names is missed where a visit has fewer statements than any healthy one, though all is well.
    """

    def see(sample: Sample) -> Iterator[Sighting]:
        for orphan in sample.trace.roots:
            if orphan.parent_id is not None:
                service, operation = _lost(orphan, case)
                yield Sighting(service, operation, (orphan.span_id,))
        for visit in sample.visits.all if sample.good else ():
            if len(visit.statements) < case.usual.least.get((visit.service, visit.operation), 0):
                yield Sighting(visit.service, visit.operation, (visit.span.span_id,))

    return suspicions(
        case, "lost-spans", see, because="spans of it never arrived that others name, or that are always there"
    )


def sampling_hides_error(case: Case) -> list[Suspicion]:
    """The load counts far more errors than the traces show: of the failed requests few were sampled, as of all."""
    counts = case.counts
    if counts is None or not counts.unsampled or not counts.errors:
        return []
    red = [sample for sample in case.troubled if sample.failed]
    if counts.errors < 3 or len(red) * 2 > counts.errors:
        return []

    # Who was cut off suffers from somebody else, unless nobody else is seen.
    first_hand = [sample for sample in red if sample.failures and sample.failures[0].how is not How.CUT_OFF]
    telling = {sample.trace.trace_id for sample in first_hand or red}

    def see(sample: Sample) -> Iterator[Sighting]:
        if sample.trace.trace_id in telling and sample.failures and (place := blamed(sample, case)):
            yield Sighting(*place, sample.failures[0].spans)

    text = f"the load counted {counts.errors} errors, of which {len(red)} have a trace: too few requests are sampled"
    return lowest(case, suspicions(case, "sampling-hides-error", see, because=text))


def _unanswered(sample: Sample, case: Case) -> Iterator[tuple[Span, tuple[str, str]]]:
    """Green calls without a visit below them that usually have one, and whom they lead to."""
    for span in sample.unanswered:
        callee = case.usual.callee.get(sample.call(span))
        if callee is not None and not span.error:
            yield span, callee


def _begun(sample: Sample) -> Iterator[tuple[str, str]]:
    """The visits with which a trace begins although nothing is known to be missing above."""
    root = sample.trace.root
    if root.kind is Kind.SERVER and root.parent_id is None:
        yield root.service, root.name.casefold()


def _lost(orphan: Span, case: Case) -> tuple[str, str]:
    """Say whose span is missing above an orphan: a visit's is its caller's, any other the service's own."""
    if orphan.kind is not Kind.SERVER:
        return orphan.service, case.usual.within.get((orphan.service, orphan.name.casefold()), "")
    place = orphan.service, orphan.name.casefold()
    callers: Counter[tuple[str, str]] = Counter()
    for edges in case.usual.edges.values():
        callers.update(edge[:2] for edge in edges if edge[2:] == place)
    return callers.most_common(1)[0][0] if callers else place
