"""From a case to a verdict: ask every detector, keep what is certain, and let the most telling one speak.

Trouble with the traces themselves comes first, since what is missing looks like anything. Then errors, then a wrong
shape, then time: each may cause what comes after it, and not the other way round. Within a group the more special fault
comes before what it looks like otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from discovery.culprit import words
from discovery.culprit.case import Case, Suspicion
from discovery.culprit.contribution import Contribution, contributions, errors
from discovery.culprit.detectors import clock, failing, slow, unseen, wrong
from discovery.culprit.detectors.slicing import slices
from discovery.culprit.verdict import Evidence, Verdict

Detector = Callable[[Case], list[Suspicion]]

UNSEEN: tuple[Detector, ...] = (
    clock.clock_skew,
    unseen.lost_spans,
    unseen.missing_instrumentation,
    unseen.broken_propagation,
    unseen.sampling_hides_error,
)
FAILING: tuple[Detector, ...] = (
    failing.breaker_open,
    failing.metastable,
    failing.retry_storm,
    failing.timeout_mismatch,
    failing.bad_canary,
    failing.partial_failure,
    failing.service_down,
    failing.exception,
    failing.error,
)
WRONG: tuple[Detector, ...] = (
    wrong.swallowed_error,
    wrong.double_charge,
    wrong.work_after_response,
    slow.large_payload,
    slow.n_plus_one,
    slow.serial_fan_out,
    slow.cold_cache,
)
SLOW: tuple[Detector, ...] = (
    slow.blocked_loop,
    slow.thread_starvation,
    slow.pool_exhaustion,
    slow.lock_contention,
    slow.slow_replica,
    slow.slow_query,
    slow.slow_dependency,
    slow.network_delay,
    slow.slow_tail,
    slow.latency,
)


GROUPS = (UNSEEN, FAILING, WRONG, SLOW)


def name(detector: Detector) -> str:
    """The fault that a detector is for."""
    return detector.__name__.replace("_", "-")


ALL: dict[str, Detector] = {name(each): each for each in sum(GROUPS, ())}
_RANK = {fault: rank for rank, fault in enumerate(ALL)}

FAILING_FAULTS = frozenset(map(name, FAILING))
_TIMED = frozenset(map(name, SLOW))
_SHAPES = frozenset({"cold-cache", "serial-fan-out", "swallowed-error", "double-charge"})  # healthy ones vary too

FEWEST_TRACES = 10
_FEWEST = 3  # sightings; a single odd trace proves nothing
_CHANCE = 0.01  # that as many sightings are an accident
_SLIGHT = 1e-4  # the same for what healthy traces show now and then too
_MAIN = 0.3  # of the added time; less is one of many causes,
_MOST = 0.5  # and where little is added, as on a busy machine, it has to be most of it
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


def judge(case: Case) -> Verdict:
    """Say who it was, or why that cannot be said. Linear in the spans but for sorting."""
    found = {fault: detector(case) for fault, detector in ALL.items()} if _enough(case) else {}
    checked = _checked(case, found)
    held = [[each for each in _weighed(case, group, found) if _holds(each)] for group in GROUPS]
    for number, group in enumerate(held):
        if group:
            later = [each for other in held[number + 1 :] for each in other] if GROUPS[number] is WRONG else []
            return _verdict(case, group, later, checked)
    return Verdict(found=False, reason=words.nothing(case, FEWEST_TRACES), checked=checked)


def _enough(case: Case) -> bool:
    return len(case.healthy) + len(case.troubled) >= FEWEST_TRACES


def _weighed(case: Case, group: Sequence[Detector], found: dict[str, list[Suspicion]]) -> list[Weighed]:
    """Weigh the suspicions of one group: by the added time that they explain, or by the traces that show them."""
    suspected = [each for detector in group for each in found.get(name(detector), ())]
    if group is SLOW:
        added = sum(case.added(sample) for sample in case.troubled) or 1
        return [Weighed(each, min(1.0, _time(each) / added)) for each in suspected]
    traces = {trace_id for each in suspected for trace_id in each.sightings}
    return [Weighed(each, len(each.sightings) / len(traces)) for each in suspected]


def _holds(each: Weighed) -> bool:
    """Whether a suspicion is more than an accident."""
    suspicion = each.suspicion
    hits, before = len(suspicion.sightings), suspicion.healthy[0]
    if suspicion.fault in _TIMED:
        worth = _STALL if suspicion.fault == "blocked-loop" else _WORTH
        long = sorted(time for time in suspicion.episodes() if time >= worth)
        huge = before == 0 and median(long or [0]) >= _HUGE and each.share >= _MAIN
        likely = suspicion.chance < _CHANCE and each.share >= _MOST and median(suspicion.episodes()) >= worth
        return len(long) >= _FEWEST and (huge or likely)
    if suspicion.fault in _SHAPES:
        return suspicion.chance < _SLIGHT
    if suspicion.fault == "sampling-hides-error":
        return True  # the load counted it; the traces only say where
    return (hits >= _FEWEST and suspicion.chance < _CHANCE) or (hits >= _FEWEST - 1 and before == 0)


def _time(each: Suspicion) -> int:
    return sum(_times(each))


def _times(each: Suspicion) -> list[int]:
    """Microseconds of its sightings, trace by trace."""
    return [sum(sighting.time for sighting in sightings) for sightings in each.sightings.values()]


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
    return "of the failed requests" if fault in FAILING_FAULTS else "of the odd traces"


def _evidence(each: Suspicion) -> tuple[Evidence, ...]:
    """The spans of the most telling traces, the first being the best example."""
    telling = sorted(each.sightings.items(), key=lambda item: -sum(sighting.time for sighting in item[1]))
    return tuple(
        Evidence(trace_id, tuple(dict.fromkeys(span for sighting in sightings for span in sighting.spans)))
        for trace_id, sightings in telling[:_EXAMPLES]
    )


def _checked(case: Case, found: dict[str, list[Suspicion]]) -> dict[str, Any]:
    """What was looked at: counts, and each fault that was seen anywhere at all."""
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
        "added_ms": round(_time(each) / 1000, 1),
    }
