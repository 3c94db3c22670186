"""From a case to a verdict: ask every detector, keep what is certain, and let the most telling one speak.

Trouble with the traces themselves comes first, since what is missing looks like anything. Then errors, then a wrong
shape, then time: each may cause what comes after it, and not the other way round. Within a group the more special fault
comes before what it looks like otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from discovery.collector import paused
from discovery.culprit import words
from discovery.culprit.case import Case, Suspicion
from discovery.culprit.checked import summary
from discovery.culprit.detectors import ALL, FAILING, GROUPS, SLOW, WRONG, Detector, fault_of
from discovery.culprit.detectors.slicing import slices
from discovery.culprit.verdict import Evidence, Verdict

_RANK = {fault: rank for rank, fault in enumerate(ALL)}

_FAILING = frozenset(map(fault_of, FAILING))
_TIMED = frozenset(map(fault_of, SLOW))
_VARYING = frozenset({"cold-cache", "serial-fan-out"})  # healthy traces show these signs now and then
_SILENT = frozenset({"swallowed-error", "double-charge"})  # and of these a few may be a customer's own doing

FEWEST_TRACES = 10
_FEWEST = 3  # sightings; a single odd trace proves nothing
_CHANCE = 0.01  # that as many sightings are an accident
_SLIGHT = 1e-4  # the same for what healthy traces show now and then too
_MOST = 0.5  # of the added time; less is one of many causes,
_MAIN = 0.3  # but for what takes far longer than anything usual
_BESIDE = 0.2  # of the added time or of the traces, for a further culprit
_HUGE = 200_000  # microseconds, which no healthy trace is late by
_WORTH = 25_000  # microseconds that are worth a word
_STALL = 100_000  # the same for an event loop, which a busy machine stalls now and then
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Weighed:
    """A suspicion, and the share of the added time or of the errors that it explains."""

    suspicion: Suspicion
    share: float


@paused()
def judge(case: Case) -> Verdict:
    """Say who it was, or why that cannot be said. Linear in the spans but for sorting."""
    found = {fault: detector(case) for fault, detector in ALL.items()} if _enough(case) else {}
    checked = summary(case, found)
    held = [[each for each in _weighed(case, group, found) if _holds(case, each)] for group in GROUPS]
    for number, group in enumerate(held):
        if group:
            later = [each for other in held[number + 1 :] for each in other] if GROUPS[number] is WRONG else []
            return _verdict(case, group, later, checked)
    return Verdict(found=False, reason=words.nothing(case, FEWEST_TRACES), checked=checked)


def _enough(case: Case) -> bool:
    return len(case.healthy) + len(case.troubled) >= FEWEST_TRACES


def _weighed(case: Case, group: Sequence[Detector], found: dict[str, list[Suspicion]]) -> list[Weighed]:
    """Weigh the suspicions of one group: by the added time that they explain, or by the traces that show them."""
    suspected = [each for detector in group for each in found.get(fault_of(detector), ())]
    if group is SLOW:
        added = sum(case.added(sample) for sample in case.troubled) or 1
        return [Weighed(each, min(1.0, each.time / added)) for each in suspected]
    traces = {trace_id for each in suspected for trace_id in each.sightings}
    return [Weighed(each, len(each.sightings) / len(traces)) for each in suspected]


def _holds(case: Case, each: Weighed) -> bool:
    """Whether a suspicion is more than an accident."""
    suspicion = each.suspicion
    hits, before = len(suspicion.sightings), suspicion.healthy[0]
    if suspicion.fault in _TIMED:
        worth = _STALL if suspicion.fault == "blocked-loop" else _WORTH
        long = [time for time in suspicion.episodes() if time >= worth]
        telling = each.share >= _MAIN or _among_the_long(case, suspicion) >= _MOST
        huge = before == 0 and median(long or [0]) >= _HUGE and telling
        likely = suspicion.chance < _CHANCE and each.share >= _MOST and median(suspicion.episodes()) >= worth
        return len(long) >= _FEWEST and (huge or likely)
    if suspicion.fault in _VARYING:
        return suspicion.chance < _SLIGHT
    if suspicion.fault in _SILENT:
        return hits >= _FEWEST and suspicion.chance < _CHANCE
    if suspicion.fault == "sampling-hides-error":
        return True  # the load counted it; the traces only say where
    return (hits >= _FEWEST and suspicion.chance < _CHANCE) or (hits >= _FEWEST - 1 and before == 0)


def _among_the_long(case: Case, suspicion: Suspicion) -> float:
    """Of the time added to traces that took about as long as a sighting or longer, the share that it explains."""
    size = median(suspicion.episodes()) / 2
    long = {sample.trace.trace_id: added for sample in case.troubled if (added := case.added(sample)) >= size}
    explained = sum(time for trace_id, time in suspicion.times.items() if trace_id in long)
    return explained / sum(long.values()) if long else 0.0


def _verdict(case: Case, held: Sequence[Weighed], later: Sequence[Weighed], checked: dict[str, Any]) -> Verdict:
    """Let the one that explains most speak, the more special of equals; `later` are those of the groups after it."""
    main = max(held, key=lambda each: (round(each.share, 1), -_RANK[each.suspicion.fault]))
    others = [each for each in (*held, *later) if each.share >= _BESIDE]
    also: dict[str, Weighed] = {main.suspicion.service: main}
    for each in sorted(others, key=lambda each: (-each.share, _RANK[each.suspicion.fault])):
        also.setdefault(each.suspicion.service, each)
    checked["follows"] = [asdict(each) for each in slices(case, main.suspicion)]
    further = tuple(_spoken(case, each, (), {}) for each in also.values() if each is not main)
    return _spoken(case, main, further, checked)


def _spoken(case: Case, each: Weighed, also: tuple[Verdict, ...], checked: dict[str, Any]) -> Verdict:
    suspicion = each.suspicion
    operation = case.names.get((suspicion.service, suspicion.operation), suspicion.operation)
    return Verdict(
        found=True,
        service=suspicion.service,
        operation=operation,
        fault=suspicion.fault,
        share=round(each.share, 3),
        evidence=_evidence(suspicion),
        not_told_from=suspicion.alike,
        reason=words.reason(suspicion, operation, each.share, _measure(suspicion.fault)),
        also=also,
        checked=checked,
    )


def _measure(fault: str) -> str:
    """What a share is of."""
    if fault in _TIMED:
        return "of the added time"
    return "of the failed requests" if fault in _FAILING else "of the odd traces"


def _evidence(each: Suspicion) -> tuple[Evidence, ...]:
    """The spans of the most telling traces, the first being the best example."""
    times = each.times
    telling = sorted(times, key=lambda trace_id: -times[trace_id])
    return tuple(
        Evidence(trace_id, tuple(dict.fromkeys(span for seen in each.sightings[trace_id] for span in seen.spans)))
        for trace_id in telling[:_EXAMPLES]
    )
