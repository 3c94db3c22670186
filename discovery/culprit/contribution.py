"""How much each place adds: time by service, operation and what was waited for there; errors by where they began."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from discovery.certainty import more_often
from discovery.culprit.account import Entry
from discovery.culprit.case import Case

_NOTABLE = 0.02  # of all added time


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one entry of the account adds over what is typical: microseconds in all, and as a share of all added time.

    `traces` counts the troubled ones in which it is more than usual, of how many on the same routes; `healthy` the
    same of the healthy half, and `chance` how likely that difference is an accident.
    """

    entry: Entry
    added: int
    share: float
    traces: tuple[int, int]
    healthy: tuple[int, int]
    chance: float


def contributions(case: Case) -> list[Contribution]:
    """Add up what traces took longer than typical, by entry, the largest first."""
    added: Counter[Entry] = Counter()
    routes: defaultdict[Entry, set[str]] = defaultdict(set)
    hits: Counter[Entry] = Counter()
    before: Counter[Entry] = Counter()
    for sample in case.troubled:
        for each in case.grown(sample):
            added[each.entry] += each.more
            hits[each.entry] += 1
            routes[each.entry].add(sample.route)
    for sample in case.healthy:
        before.update(each.entry for each in case.grown(sample))
    total = sum(added.values())
    found = []
    for entry, time in added.most_common():
        if time < _NOTABLE * total:
            break
        of = case.of_routes(case.troubled, routes[entry]), case.of_routes(case.healthy, routes[entry])
        chance = more_often(hits[entry], of[0], min(before[entry], of[1]), of[1])
        found.append(
            Contribution(entry, time, time / total, (hits[entry], of[0]), (min(before[entry], of[1]), of[1]), chance)
        )
    return found


def errors(case: Case) -> list[tuple[str, str, int]]:
    """Count where errors began: service, operation, how many failed traces; the most first."""
    counted = Counter(
        (first.visit.service, first.visit.operation) if first.visit else (first.span.service, first.span.name)
        for sample in case.troubled
        for first in sample.failures[:1]
    )
    return [(*place, count) for place, count in counted.most_common()]
