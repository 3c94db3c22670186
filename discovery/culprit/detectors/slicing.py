"""Whether a trouble follows a tag: one version, one instance, one route, one product, while all others do well."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from discovery.culprit.case import Case, Suspicion
from discovery.culprit.sample import Sample

REPLICA = ("service.version", "service.instance.id")  # what tells one process of a service from another
_MOSTLY = 0.8  # of what the one value did is hit,
_HARDLY = 0.1  # and so little is hit elsewhere, compared with that
_MOST_VALUES = 20  # of a tag; with more it names single requests
_FEWEST = 3  # requests of a value

# What a trouble does is no reason for it: tags that tell how a request ended, or what it waited for.
_OUTCOMES = ("http.response", "error", "otel.status", "exception", "tracelab.wait", "http.status")


@dataclass(frozen=True, slots=True)
class Slice:
    """A tag's value that a trouble follows: in so many of its requests, and in so many of all others."""

    tag: str
    value: str
    hits: tuple[int, int]
    elsewhere: tuple[int, int]


def follows(case: Case, suspicion: Suspicion, *tags: str) -> Slice | None:
    """Find the first of some tags, one value of which is hit nearly always and the others hardly; of visits there."""
    seen = _seen(case, suspicion)
    return next((found for tag in tags if tag in seen and (found := _sliced(tag, seen[tag]))), None)


def slices(case: Case, suspicion: Suspicion) -> list[Slice]:
    """Find all tags that a trouble follows: of the service's visits, and of the requests as a whole."""
    seen = _seen(case, suspicion)
    return [found for tag in sorted(seen) if (found := _sliced(tag, seen[tag]))]


def _seen(case: Case, suspicion: Suspicion) -> dict[str, list[tuple[str, bool]]]:
    """By tag, each value that a visit of the service had, and whether that was one of those hit."""
    marked = suspicion.marked
    seen: defaultdict[str, list[tuple[str, bool]]] = defaultdict(list)
    for sample in case.troubled:
        for visit in sample.visits.all:
            if visit.service == suspicion.service:
                hit = visit.span.span_id in marked
                tags = {**visit.span.resource, **visit.span.attributes, "route": sample.route}
                for tag, value in _telling(sample, tags):
                    seen[tag].append((value, hit))
    return seen


def _telling(sample: Sample, tags: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    root = sample.trace.root.attributes
    whole: Iterable[tuple[str, object]] = (*tags.items(), *((f"request: {tag}", value) for tag, value in root.items()))
    for tag, value in whole:
        if not any(outcome in tag for outcome in _OUTCOMES):
            yield tag, str(value)


def _sliced(tag: str, seen: list[tuple[str, bool]]) -> Slice | None:
    of = Counter(value for value, _ in seen)
    hits = Counter(value for value, hit in seen if hit)
    if not 2 <= len(of) <= _MOST_VALUES or not hits:
        return None
    value, count = hits.most_common(1)[0]
    elsewhere = hits.total() - count
    if of[value] < _FEWEST or count < _MOSTLY * of[value] or elsewhere > _HARDLY * count:
        return None
    return Slice(tag, value, (count, of[value]), (elsewhere, len(seen) - of[value]))
