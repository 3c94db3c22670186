"""What taking spans in costs: the built-in backend beside Zipkin and Jaeger, in alternating rounds of one run.

    python -P -m tests.bench.ingest [--rounds 3] [--batches 200] [--connections 1,2,4]

All get the same batches (`batches`), prepared before the clock starts and with new trace ids each time. Zipkin and
Jaeger hold spans in memory; Zipkin is warmed up for 10 s first. Processor time is counted until the server rests
again, so what it does in the background is in. Printed are medians and spreads. Not a timed test: it asserts nothing.

spans/s   acknowledged, from the first batch's first byte to the last one's answer
us/span   processor time of the server, and of the sender, a span
refused   how many batches were answered with 503 or 429 and sent again when Retry-After said so
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from tests.bench import process_cost, servers
from tests.bench.batches import MEDIA, batches, fresh
from tests.bench.servers import Server
from tests.bench.traffic import Sent, send, spread

_AIMS = {"zipkin": 18, "otlp": 25}  # us a span
_AIMED_RATE = 40_000
_WARM = 10  # seconds

_Case = tuple[str, int, str]  # form, connections, server
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Block:
    """One server's turn."""

    sent: Sent
    cpu: float  # us a span


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", type=int, default=200, help="of 500 spans, a turn (200)")
    parser.add_argument("--connections", default="1,2,4")
    args = parser.parse_args()
    began = time.time_ns() // 1000 - 60_000_000
    prepared = {form: list(islice(batches(form, began=began, step=1000), args.batches)) for form in MEDIA}
    for form, bodies in prepared.items():
        print(f"{form}: {sum(map(len, bodies)) / len(bodies) / 1000:.0f} kB a batch")
    with tempfile.TemporaryDirectory() as folder, servers.beside(Path(folder)) as found:
        _warm(found, prepared)
        blocks: dict[_Case, list[Block]] = defaultdict(list)
        for _ in range(args.rounds):
            for connections in map(int, args.connections.split(",")):
                for form, server in _takers(found):
                    case = form, connections, server.name
                    blocks[case].append(_block(server, form, prepared[form], connections))
        _print(blocks)
        for server in found:
            print(f"{server.name:8} {process_cost.pss_mb(server.pid):,.0f} MB PSS, {server.file_mb():,.0f} MB on disk")


def _takers(found: list[Server]) -> list[tuple[str, Server]]:
    return [(form, server) for form in MEDIA for server in found if form == "zipkin" or server.at.otlp_endpoint]


def _warm(found: list[Server], prepared: dict[str, list[bytes]]) -> None:
    """Let Java's compiler do its work, and give the others a turn as well."""
    for form, server in _takers(found):
        ends = time.monotonic() + (_WARM if server.name == "zipkin" else 1)
        while time.monotonic() < ends:
            send(server.endpoint(form), form, fresh(prepared[form], next(_numbers)), connections=2)


def _block(server: Server, form: str, prepared: list[bytes], connections: int) -> Block:
    bodies = list(fresh(prepared, next(_numbers)))
    before = process_cost.settled_cpu_us(server.pid)
    sent = send(server.endpoint(form), form, bodies, connections=connections)
    return Block(sent, (process_cost.settled_cpu_us(server.pid) - before) / sent.spans)


def _print(blocks: dict[_Case, list[Block]]) -> None:
    print("form    conns server   spans/s                       us/span                sender us/span  refused")
    for (form, connections, name), each in blocks.items():
        rates, costs = [block.sent.rate for block in each], [block.cpu for block in each]
        sender = [block.sent.sender_us / block.sent.spans for block in each]
        refused = sum(block.sent.refused for block in each)
        told = f"{spread(rates):29} {spread(costs, 1):22} {spread(sender, 1):16}"
        print(f"{form:7} {connections:5} {name:8} {told} {refused}")
    for (form, connections, name), each in blocks.items():
        for other in ("zipkin", "jaeger"):
            if name == "builtin" and (theirs := blocks.get((form, connections, other))):
                pairs = list(zip(each, theirs, strict=True))
                rates = [own.sent.rate / their.sent.rate for own, their in pairs]
                costs = [own.cpu / their.cpu for own, their in pairs]
                told = f"spans/s x{spread(rates, 2)}, us/span x{spread(costs, 2)}"
                print(f"{form:7} {connections:5} builtin to {other}: {told}")
    print(f"aims: {', '.join(f'{form} <= {most} us/span' for form, most in _AIMS.items())}, {_AIMED_RATE:,} spans/s")


if __name__ == "__main__":
    main()
