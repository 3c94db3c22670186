"""Whether memory stays flat, and the file within its bounds, while spans come in for minutes.

    python -P -m tests.bench.soak [--minutes 10] [--rate 10000] [-- OPTIONS OF tracelab backend, such as retention]

Printed each 5 s: memory (PSS) and disk in MB; at the end their slopes over the second half, in MB a minute, by least
squares, and what was acknowledged. Not a timed test: it asserts nothing.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from tests.bench import process_cost, servers
from tests.bench.batches import SIZE, SPANS_A_TRACE, batches
from tests.bench.traffic import send

_EVERY = 5.0


def main() -> None:
    """Send, sample, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=10_000, help="spans a second (10,000)")
    parser.add_argument("option", nargs="*", help="options of `tracelab backend`, after --")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        servers.builtin(Path(folder), args.option) as server,
        ThreadPoolExecutor(1) as pool,
    ):
        # Made while they are sent: retention goes by time, so each trace's times are those of its sending.
        step = int(SPANS_A_TRACE * 1e6 / args.rate)
        bodies = islice(
            batches("zipkin", began=time.time_ns() // 1000, step=step), int(args.rate * args.minutes * 60 / SIZE)
        )
        sending = pool.submit(send, server.endpoint("zipkin"), "zipkin", bodies, connections=2, rate=args.rate)
        samples: list[tuple[float, float, float]] = []
        while not sending.done():
            time.sleep(_EVERY)
            samples.append((len(samples) * _EVERY / 60, process_cost.pss_mb(server.pid), server.file_mb()))
            print("{:6.2f} min {:8.1f} MB PSS {:9.1f} MB on disk".format(*samples[-1]), flush=True)
        sent = sending.result()
    minutes, memory, disk = zip(*samples[len(samples) // 2 :], strict=True)
    for name, values in (("PSS", memory), ("disk", disk)):
        print(f"{name} {statistics.linear_regression(minutes, values).slope:+.2f} MB a minute over the second half")
    print(f"{sent.rate:,.0f} spans/s acknowledged of {args.rate:,.0f}, {sent.refused} refused, {sent.late:.1f} s late")


if __name__ == "__main__":
    main()
