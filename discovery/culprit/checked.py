"""What a verdict says of the looking itself, so that readers can judge for themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from discovery.culprit.case import Case, Suspicion
from discovery.culprit.contribution import Contribution, contributions, errors
from discovery.culprit.detectors import ALL


def summary(case: Case, found: Mapping[str, list[Suspicion]]) -> dict[str, Any]:
    """Say what was looked at as JSON: counts, each sign seen anywhere at all, what each place added."""
    counts = {} if case.counts is None else {"sent": case.counts.sent, "errors": case.counts.errors}
    return {
        "traces": {"healthy": len(case.healthy), "troubled": len(case.troubled), "afterwards": len(case.afterwards)},
        "counts": counts,
        "faults": list(ALL),
        "seen": [_counted(each) for each in _flat(found.values())],
        "added": [_contributed(case, each) for each in contributions(case)] if found else [],
        "errors": [
            {"service": service, "operation": case.names.get((service, operation), operation), "traces": count}
            for service, operation, count in (errors(case) if found else ())
        ],
    }


def _contributed(case: Case, each: Contribution) -> dict[str, Any]:
    entry = each.entry
    return {
        "service": entry.service,
        "operation": case.names.get((entry.service, entry.operation), entry.operation),
        "part": str(entry.part),
        "added_ms": round(each.added / 1000, 1),
        "share": round(each.share, 3),
        "traces": list(each.traces),
        "healthy": list(each.healthy),
        "chance": float(f"{each.chance:.2g}"),
    }


def _flat(groups: Iterable[list[Suspicion]]) -> list[Suspicion]:
    return sorted((each for group in groups for each in group), key=lambda each: each.chance)


def _counted(each: Suspicion) -> dict[str, Any]:
    return {
        "fault": each.fault,
        "service": each.service,
        "operation": each.operation,
        "troubled": list(each.troubled),
        "healthy": list(each.healthy),
        "chance": float(f"{each.chance:.2g}"),
        "added_ms": round(each.time / 1000, 1),
    }
