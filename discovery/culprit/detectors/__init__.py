"""One function for each fault: what its traces look like, and why that proves it.

`slow` costs time, `failing` errors, `wrong` neither though something is wrong, `unseen` and `clock` are trouble with
the traces themselves. A new detector is a function of a case in one of them, named as its fault, and a line in a group.
"""

from __future__ import annotations

from collections.abc import Callable

from discovery.culprit.case import Case, Suspicion
from discovery.culprit.detectors import clock, failing, slow, unseen, wrong

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


def fault_of(detector: Detector) -> str:
    """The fault that a detector is for."""
    return detector.__name__.replace("_", "-")


ALL: dict[str, Detector] = {fault_of(each): each for each in sum(GROUPS, ())}
