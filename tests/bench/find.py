"""What `find` costs: from spans in memory to a verdict, on one core.

    python -P -m tests.bench.find [--spans 100000] [--rounds 5]

Half of the traces are healthy, and every third of the other half meets a slow payment. Prints microseconds a span for
each step, the median of the rounds and their spread, and the bytes a span that everything kept takes.
"""

from __future__ import annotations

import argparse
import gc
import time
import tracemalloc
from collections.abc import Callable
from statistics import median
from typing import TypeVar

from discovery.collector import paused
from discovery.culprit import gather
from discovery.culprit.judge import judge
from discovery.trace import Trace, group
from tests.discovery.culprit.requests import traces

T = TypeVar("T")
_STEPS = ("group", "read", "judge", "all")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    made = _made(args.spans)
    healthy, troubled = made[: len(made) // 2], made[len(made) // 2 :]
    spans = [span for trace in made for span in trace.spans]
    rounds = [_round(spans, healthy, troubled) for _ in range(args.rounds)]
    print(f"{len(spans):,} spans in {len(made):,} traces, {args.rounds} rounds; us a span")
    for step in _STEPS:
        taken = sorted(one[step] / len(spans) * 1e6 for one in rounds)
        whole = median(one[step] for one in rounds)
        print(f"{step:8}{median(taken):7.1f}  [{taken[0]:.1f} to {taken[-1]:.1f}]   {whole:6.2f} s")
    print(f"kept: {_kept(healthy, troubled) / len(spans):,.0f} bytes a span beside the traces")


def _made(count: int) -> list[Trace]:
    each = len([span for trace in traces(0, 100) for span in trace.spans]) / 100
    half = int(count / each / 2)
    return traces(0, half) + traces(half, half, {"lead": "payment=300000"})


def _round(spans: list[object], healthy: list[Trace], troubled: list[Trace]) -> dict[str, float]:
    taken: dict[str, float] = {}
    gc.collect()

    def timed(step: str, work: Callable[[], T]) -> T:
        began = time.process_time()
        done = work()
        taken[step] = time.process_time() - began
        return done

    with paused():  # as the readers do
        timed("group", lambda: group(spans))  # type: ignore[arg-type]
    case = timed("read", lambda: gather.of_windows(healthy, troubled))
    verdict = timed("judge", lambda: judge(case))
    assert (verdict.service, verdict.fault) == ("payment", "latency"), verdict.reason
    return {**taken, "all": sum(taken.values())}


def _kept(healthy: list[Trace], troubled: list[Trace]) -> int:
    """Bytes that samples and what is computed of them take while a verdict is made."""
    gc.collect()
    tracemalloc.start()
    case = gather.of_windows(healthy, troubled)
    judge(case)
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return kept


if __name__ == "__main__":
    main()
