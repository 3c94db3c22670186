"""Whether a trouble follows a tag: one version, one instance, one product, while all others do well."""

from __future__ import annotations

from collections import Counter

from discovery.culprit.case import Case, Suspicion

TAGS = ("service.version", "service.instance.id")
_MOSTLY = 0.8  # of what the one value did is hit,
_HARDLY = 0.1  # and so little is hit elsewhere, compared with that


def follows(case: Case, suspicion: Suspicion) -> str:
    """Say which version or instance of a service a trouble follows; nothing where it follows none."""
    marked = {span for each in suspicion.sightings.values() for sighting in each for span in sighting.spans}
    for tag in TAGS:
        hits: Counter[str] = Counter()
        all_of: Counter[str] = Counter()
        for sample in case.troubled:
            for visit in sample.visits.all:
                if visit.service == suspicion.service:
                    value = str(visit.span.tag(tag))
                    all_of[value] += 1
                    hits[value] += visit.span.span_id in marked
        if len(all_of) < 2 or not hits:
            continue
        value, count = hits.most_common(1)[0]
        if count >= _MOSTLY * all_of[value] and sum(hits.values()) - count <= _HARDLY * count:
            return f"{tag} {value}"
    return ""
