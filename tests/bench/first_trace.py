"""How long a newcomer waits: from `tracelab up` to the first order's complete trace being readable in Jaeger.

    python tests/bench/first_trace.py [--runs 5]

Jaeger runs already: the one at TRACELAB_JAEGER_URL, or one started here from the PATH. Each run starts a whole new shop
with an empty state. Printed are medians and spreads in seconds. Not a timed test: it asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from discovery import client
from lab import ports
from lab.plan import PORTS
from tests.real import tracing
from tests.real.process import wait_until
from tests.services.asking import an_order, ask
from tests.tracing import table

STAGES = ("ready", "ordered", "readable")


def measure(state: Path, jaeger: tracing.Tracing, backend: client.Backend) -> tuple[float, ...]:
    """Seconds from the command's start to each stage of one run."""
    offset = ports.free_offset(PORTS.values(), random.sample(range(2000, 20000, 10), 1000))
    environment = {
        **os.environ,
        "TRACELAB_STATE": str(state),
        "OTEL_EXPORTER_OTLP_ENDPOINT": jaeger.otlp_endpoint or "",
    }
    command = [sys.executable, "-P", "-m", "lab.cli", "up", "--backend", backend.url, "--port-offset", str(offset)]
    began = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True) as up:
        try:
            wait_until((state / "up.json").exists, 60, lambda: up.poll() is None)
            ready = time.perf_counter()
            answer = ask(f"http://127.0.0.1:{PORTS['gateway'] + offset}/orders", "POST", an_order())
            ordered = time.perf_counter()
            trace = client.read(backend, answer.trace_id, expected=table.expected("sqlite").total())
            readable = time.perf_counter()
            if told := table.difference(trace, "sqlite"):
                raise SystemExit(f"The trace is not the declared one:\n{told}")
        finally:
            up.send_signal(signal.SIGTERM)
    return ready - began, ordered - began, readable - began


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, tracing.jaeger(Path(folder)) as jaeger:
        backend = client.probe(jaeger.query_url)
        runs = [measure(Path(folder) / f"run-{number}", jaeger, backend) for number in range(args.runs)]
    print(f"seconds from `tracelab up`, {args.runs} runs")
    for stage, taken in zip(STAGES, zip(*runs, strict=True), strict=True):
        print(f"  {stage:10} median {statistics.median(taken):5.2f}  from {min(taken):5.2f} to {max(taken):5.2f}")


if __name__ == "__main__":
    main()
