"""How long a search takes when a million spans are stored.

    python -P -m tests.bench.search [--spans 1000000] [--rounds 50]

The spans (`batches`) lie in the last three hours. Each round asks one query of each kind (`queries`) over one kept
connection; printed are percentiles of milliseconds until the answer's last byte. Not a timed test: it asserts nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

from tests.bench import process_cost, queries, servers
from tests.bench.batches import SIZE, SPANS_A_TRACE, batches
from tests.bench.traffic import ask, connect, percentiles, send

_HOURS = 3
_AIM = 100  # ms at p95


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("option", nargs="*", help="options of `tracelab backend`, after --")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, servers.builtin(Path(folder), args.option) as server:
        ended = time.time_ns() // 1000
        began = ended - _HOURS * 3_600_000_000
        bodies = islice(
            batches("zipkin", began=began, step=(ended - began) * SPANS_A_TRACE // args.spans), args.spans // SIZE
        )
        traces: list[str] = []
        sent = send(server.endpoint("zipkin"), "zipkin", _noted(bodies, traces), connections=2)
        process_cost.settled_cpu_us(server.pid)
        pss = process_cost.pss_mb(server.pid)
        print(f"{sent.spans:,} spans stored: {pss:.0f} MB PSS, {server.file_mb():,.0f} MB on disk", flush=True)
        connection = connect(server.at.query_url)
        asked = queries.kinds(began, ended, traces)
        chance = Random(1)
        taken: dict[str, list[float]] = {kind: [] for kind in asked}
        for _ in range(args.rounds):
            for kind, path in asked.items():
                taken[kind].append(ask(connection, path(chance)))
        for kind, values in taken.items():
            print(f"{kind:22} {percentiles(values)}")
        everything = [value for values in taken.values() for value in values]
        print(f"{'all':22} {percentiles(everything)}; aim: p95 <= {_AIM} ms")
        print(f"{process_cost.pss_mb(server.pid):.0f} MB PSS after")


def _noted(bodies: Iterator[bytes], traces: list[str]) -> Iterator[bytes]:
    """Pass bodies on; note one trace's id of each."""
    for body in bodies:
        traces.append(queries.trace_id(body))
        yield body


if __name__ == "__main__":
    main()
