"""The kinds of fault that any service may show. A service's own are in its `faults.py`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services.kit.faults import calls
from services.kit.faults.blocked_loop import BlockedLoop
from services.kit.faults.error import Error
from services.kit.faults.exception import Unmigrated
from services.kit.faults.fault import Kind, kind, plain
from services.kit.faults.large_payload import LargePayload
from services.kit.faults.latency import Latency
from services.kit.faults.n_plus_one import NPlusOne
from services.kit.faults.outage import Outage
from services.kit.faults.pool_exhaustion import PoolExhaustion
from services.kit.faults.slow_query import SlowQuery
from services.kit.faults.slow_tail import SlowTail
from services.kit.faults.work_after_response import WorkAfterResponse

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "latency": kind(Latency.parse),
        "error": kind(Error.parse),
        "slow-query": kind(SlowQuery.parse),
        "n-plus-one": kind(NPlusOne.parse),
        "exception": plain(Unmigrated()),
        "timeout-mismatch": calls.TIMEOUT_MISMATCH,
        "retry-storm": calls.RETRY_STORM,
        "breaker-open": kind(Outage.parse),
        "broken-propagation": calls.BROKEN_PROPAGATION,
        "blocked-loop": kind(BlockedLoop.parse),
        "pool-exhaustion": kind(PoolExhaustion.parse),
        "large-payload": kind(LargePayload.parse),
        "slow-tail": kind(SlowTail.parse),
        "service-down": calls.SERVICE_DOWN,
        "work-after-response": kind(WorkAfterResponse.parse),
    }
)
