"""From a case to a verdict: ask every detector, keep what is certain, and let the most telling one speak.

Trouble with the traces themselves comes first, since what is missing looks like anything. Then errors, then a wrong
shape, then time: each may cause what comes after it, and not the other way round. Within a group the more special fault
comes before what it looks like otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from discovery.culprit import words
from discovery.culprit.case import Case, Suspicion
from discovery.culprit.detectors import clock, failing, slow, unseen, wrong
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
    failing.slow_replica,
    slow.slow_query,
    slow.slow_dependency,
    slow.network_delay,
    slow.slow_tail,
    slow.latency,
)


def name(detector: Detector) -> str:
    """The fault that a detector is for."""
    return detector.__name__.replace("_", "-")


ALL: dict[str, Detector] = {name(each): each for each in (*UNSEEN, *FAILING, *WRONG, *SLOW)}
_RANK = {fault: rank for rank, fault in enumerate(ALL)}

_SHAPES = frozenset({"cold-cache", "serial-fan-out", "swallowed-error", "double-charge"})  # healthy ones vary too

FEWEST_TRACES = 10
_FEWEST = 3  # sightings; a single odd trace proves nothing
_CHANCE = 0.01  # that as many sightings are an accident
_SLIGHT = 1e-4  # the same for what healthy traces show now and then too
_MAIN = 0.3  # of the added time; less is one of many causes
_BESIDE = 0.2  # the same, for a further culprit
_HUGE = 75_000  # microseconds, which no healthy trace is late by
_WORTH = 25_000  # microseconds added by the median sighting
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
    for group in (UNSEEN, FAILING, WRONG, SLOW):
        suspected = [each for detector in group for each in found.get(name(detector), ())]
        weighed = [each for each in _weighed(case, suspected) if _holds(each, takes_time=group is SLOW)]
        if weighed:
            return _verdict(weighed, checked)
    return Verdict(found=False, reason=words.nothing(case, FEWEST_TRACES), checked=checked)


def _enough(case: Case) -> bool:
    return len(case.healthy) + len(case.troubled) >= FEWEST_TRACES


def _weighed(case: Case, suspected: Sequence[Suspicion]) -> list[Weighed]:
    """Weigh what belongs to one group: by the time that it explains where it costs time, else by its traces."""
    if any(_time(each) for each in suspected):
        added = sum(case.added(sample) for sample in case.troubled) or 1
        return [Weighed(each, min(1.0, _time(each) / added)) for each in suspected]
    traces = {trace_id for each in suspected for trace_id in each.sightings}
    return [Weighed(each, len(each.sightings) / len(traces)) for each in suspected]


def _holds(each: Weighed, *, takes_time: bool) -> bool:
    suspicion = each.suspicion
    hits, before = len(suspicion.sightings), suspicion.healthy[0]
    if takes_time:
        size = median(_times(suspicion))
        huge = before == 0 and hits >= _FEWEST and size >= _HUGE
        likely = hits >= _FEWEST and suspicion.chance < _CHANCE and size >= _WORTH
        return (huge or likely) and each.share >= _MAIN
    if suspicion.fault in _SHAPES:
        return suspicion.chance < _SLIGHT
    return (hits >= _FEWEST and suspicion.chance < _CHANCE) or (hits >= _FEWEST - 1 and before == 0)


def _time(each: Suspicion) -> int:
    return sum(_times(each))


def _times(each: Suspicion) -> list[int]:
    """Microseconds of its sightings, trace by trace."""
    return [sum(sighting.time for sighting in sightings) for sightings in each.sightings.values()]


def _verdict(weighed: Sequence[Weighed], checked: dict[str, Any]) -> Verdict:
    main = max(weighed, key=lambda each: (round(each.share, 1), -_RANK[each.suspicion.fault]))
    others = [each for each in weighed if each.suspicion.service != main.suspicion.service and each.share >= _BESIDE]
    also = {each.suspicion.service: each for each in sorted(others, key=lambda each: each.share)}
    return _spoken(main, tuple(_spoken(each, (), {}) for each in also.values()), checked)


def _spoken(each: Weighed, also: tuple[Verdict, ...], checked: dict[str, Any]) -> Verdict:
    suspicion = each.suspicion
    return Verdict(
        found=True,
        service=suspicion.service,
        operation=suspicion.operation,
        fault=suspicion.fault,
        share=round(each.share, 3),
        evidence=_evidence(suspicion),
        not_told_from=suspicion.alike,
        reason=words.reason(suspicion),
        also=also,
        checked=checked,
    )


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
