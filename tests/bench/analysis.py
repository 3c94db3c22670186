"""What a span costs to read and to analyse, on one core, and what it holds of memory.

    python -P -m tests.bench.analysis [--spans 100000] [--rounds 5]

Traces of 18 spans across six services, 15 tags a span, as `batches` makes them. Time is this process' own processor
time. Reading is from text to spans; the other steps are given what the steps before them made. Not a timed test: it
asserts nothing.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
import tracemalloc
from collections.abc import Callable
from itertools import islice
from typing import Any

from discovery import document, otlp
from discovery.completeness import completeness
from discovery.critical_path import critical_path
from discovery.dependencies import dependencies
from discovery.origin import origins
from discovery.self_time import self_times
from discovery.skew import repaired
from discovery.trace import Trace, group
from tests.bench.batches import SIZE, batches
from tests.bench.traffic import spread

_BEGAN = 1_700_000_000_000_000
_TOGETHER = ("group", "self times", "critical path", "origins")


def main() -> None:
    """Measure each step by itself, in rounds, and print a line each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--spans", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    texts = _texts(args.spans)
    took = _costs(texts, args.rounds)
    for name, rounds in took.items():
        print(f"  {name:16} {spread(rounds, 2)}")
    together = [sum(rounds) for rounds in zip(*(took[name] for name in _TOGETHER), strict=True)]
    print(f"  {', '.join(_TOGETHER)}: {spread(together, 2)}")
    for form, text in texts.items():
        print(f"  memory of traces read from {form}: {_memory(text):,.0f} bytes a span")


def _costs(texts: dict[str, bytes], rounds: int) -> dict[str, list[float]]:
    """Microseconds a span that each step takes, round by round."""
    spans = document.spans(texts["Zipkin"])
    traces = group(spans)
    print(f"{len(spans):,} spans in {len(traces):,} traces; us a span, median [least to most] of {rounds} rounds")
    steps: dict[str, Callable[[], Any]] = {
        "read Zipkin": lambda: document.spans(texts["Zipkin"]),
        "read OTLP": lambda: document.spans(texts["OTLP"]),
        "group": lambda: group(spans),
        "self times": lambda: [self_times(trace) for trace in traces],
        "critical path": lambda: [critical_path(trace) for trace in traces],
        "skew": lambda: [repaired(trace) for trace in traces],
        "origins": lambda: [origins(trace) for trace in traces],
        "completeness": lambda: [completeness(trace) for trace in traces],
        "dependencies": lambda: dependencies(traces),
    }
    return {name: [_timed(step) / len(spans) * 1e6 for _ in range(rounds)] for name, step in steps.items()}


def _texts(number: int) -> dict[str, bytes]:
    """Make one text of so many spans in each form."""
    bodies = islice(batches("zipkin", began=_BEGAN, step=1000), -(-number // SIZE))
    whole = b"[" + b",".join(body[1:-1] for body in bodies) + b"]"
    exported = [otlp.as_json(trace.spans)["resourceSpans"] for trace in document.parse(whole)]
    merged = {"resourceSpans": [each for groups in exported for each in groups]}
    return {"Zipkin": whole, "OTLP": json.dumps(merged).encode()}


def _timed(step: Callable[[], Any]) -> float:
    gc.collect()
    began = time.process_time()
    made = step()
    took = time.process_time() - began
    del made
    return took


def _memory(text: bytes) -> float:
    """Bytes a span that traces hold once they are read."""
    tracemalloc.start()
    traces: list[Trace] = document.parse(text)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / sum(len(trace.spans) for trace in traces)


if __name__ == "__main__":
    main()
