"""Ingest while queries run, beside each alone: whether one starves the other.

    python -P -m tests.bench.mixed [--rate 10000] [--seconds 20] [--rounds 2]

Each round has three turns: spans at a steady rate; queries one after the other (`queries`, a mix); both at once.
Printed are the rate that was acknowledged and each kind of query's percentiles. Not a timed test: it asserts nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count, islice
from pathlib import Path
from random import Random

from tests.bench import queries, servers
from tests.bench.batches import SIZE, SPANS_A_TRACE, batches, fresh
from tests.bench.servers import Server
from tests.bench.traffic import Sent, ask, connect, percentiles, send

_KINDS = ("service", "rare tag", "common tag", "trace by id", "services", "dependencies, 1 hour")
_numbers = count(1)

_Taken = dict[str, list[float]]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=10_000, help="spans a second (10,000)")
    parser.add_argument("--seconds", type=float, default=20, help="a turn (20)")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("option", nargs="*", help="options of `tracelab backend`, after --")
    args = parser.parse_args()
    alone: _Taken = defaultdict(list)
    beside: _Taken = defaultdict(list)
    with (
        tempfile.TemporaryDirectory() as folder,
        servers.builtin(Path(folder), args.option) as server,
        ThreadPoolExecutor(1) as pool,
    ):
        began = time.time_ns() // 1000
        for _ in range(args.rounds):
            bodies = _prepared(args.rate, args.seconds)
            print(f"ingest alone    {_told(_send(server, bodies, args.rate))}", flush=True)
            traces = [queries.trace_id(body) for body in bodies]
            _ask(server, began, traces, pool.submit(time.sleep, args.seconds), alone)
            bodies = _prepared(args.rate, args.seconds)
            sending = pool.submit(_send, server, bodies, args.rate)
            _ask(server, began, traces, sending, beside)
            print(f"beside queries  {_told(sending.result())}", flush=True)
    for kind in _KINDS:
        for turn, taken in (("alone", alone), ("beside ingest", beside)):
            print(f"{kind:22} {turn:14} {percentiles(taken[kind]) if taken[kind] else 'no turn left'}")


def _prepared(rate: float, seconds: float) -> list[bytes]:
    """Make the batches of a turn, in time as they will be sent: what comes now is about now."""
    bodies = batches("zipkin", began=time.time_ns() // 1000, step=int(SPANS_A_TRACE * 1e6 / rate))
    return list(fresh(islice(bodies, int(rate * seconds / SIZE)), next(_numbers)))


def _send(server: Server, bodies: list[bytes], rate: float) -> Sent:
    return send(server.endpoint("zipkin"), "zipkin", bodies, connections=4, rate=rate)


def _ask(server: Server, began: int, traces: list[str], until: Future[Sent] | Future[None], taken: _Taken) -> None:
    connection = connect(server.at.query_url)
    ended = time.time_ns() // 1000
    asked = queries.kinds(began, ended, traces)
    chance = Random(1)
    while not until.done():
        kind = min(_KINDS, key=lambda each: sum(taken[each]))  # each kind gets as much time: a slow one hides no other
        taken[kind].append(ask(connection, asked[kind](chance)))
    connection.close()


def _told(sent: Sent) -> str:
    return f"{sent.rate:,.0f} spans/s, latest batch {sent.late * 1000:,.0f} ms late, {sent.refused} refused"


if __name__ == "__main__":
    main()
