"""What tracing costs a checkout: shops that differ in their settings, side by side in one run.

    python tests/bench/checkout.py [--rounds 8] [--variants off,on,...] [--backend URL]

Every variant is a whole shop of its own on SQLite; blocks of requests alternate between them, so that a noisy machine
hits all alike. Printed are medians and, against the first variant, the median ratio of adjacent blocks with its
quartiles. Not a timed test: it asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from lab.options import Options
from lab.shop import Shop

VARIANTS = {
    "off": {"OTEL_SDK_DISABLED": "true"},
    "on": {},
    "10%": {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"},
    "unsampled": {"OTEL_TRACES_SAMPLER": "parentbased_always_off"},
    "no-export": {"OTEL_TRACES_EXPORTER": "none"},
    "no-database-spans": {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "sqlalchemy"},
    "no-client-spans": {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "httpx2"},
}
ORDER = {"items": [{"sku": "tea-pot", "quantity": 1}], "card": "tok_visa"}
SERVICES = ("gateway", "order", "payment", "inventory")


@dataclass
class Measured:
    """One variant's blocks."""

    p50: list[float] = field(default_factory=list)  # ms, one client
    cpu: list[float] = field(default_factory=list)  # ms of the four services a checkout
    throughput: list[float] = field(default_factory=list)  # checkouts/s, 16 clients


def cpu_ms(shop: Shop) -> float:
    """Processor time that the four services have used (Linux only)."""
    ticks = 0
    for name in SERVICES:
        fields = Path(f"/proc/{shop.pids[name]}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def pss_mb(shop: Shop) -> float:
    """Memory of every process but the backend, shared pages shared out (Linux only)."""
    total = 0
    for name, pid in shop.pids.items():
        if name != "backend":
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                total += int(line.split()[1]) if line.startswith("Pss:") else 0
    return total / 1024


async def order(client: aiohttp.ClientSession, shop: Shop) -> float:
    """One checkout; milliseconds."""
    start = time.perf_counter()
    async with client.post(f"{shop.url}/orders", json=ORDER) as answer:
        await answer.read()
        if answer.status != 201:
            raise SystemExit(f"A checkout failed with {answer.status}: {await answer.text()}")
    return (time.perf_counter() - start) * 1000


async def one_client(client: aiohttp.ClientSession, shop: Shop, measured: Measured, requests: int) -> None:
    """A block of checkouts, one after the other."""
    before = cpu_ms(shop)
    measured.p50.append(statistics.median([await order(client, shop) for _ in range(requests)]))
    await asyncio.sleep(0.4)  # the spans' export belongs to their requests
    measured.cpu.append((cpu_ms(shop) - before) / requests)


async def many_clients(client: aiohttp.ClientSession, shop: Shop, measured: Measured, seconds: float) -> None:
    """As many checkouts as 16 clients get done."""
    start, done = time.perf_counter(), 0

    async def loop() -> None:
        nonlocal done
        while time.perf_counter() - start < seconds:
            await order(client, shop)
            done += 1

    await asyncio.gather(*[loop() for _ in range(16)])
    measured.throughput.append(done / (time.perf_counter() - start))


async def measure(shops: dict[str, Shop], rounds: int) -> dict[str, Measured]:
    """Alternate between the shops."""
    measured = {name: Measured() for name in shops}
    async with aiohttp.ClientSession() as client:
        for shop in shops.values():
            for _ in range(100):
                await order(client, shop)
        for _ in range(rounds):
            for name, shop in shops.items():
                await one_client(client, shop, measured[name], 50)
        for _ in range(rounds // 2):
            for name, shop in shops.items():
                await many_clients(client, shop, measured[name], 2.0)
        for shop in shops.values():
            while (await _orders(client, shop)) < 1000:
                await asyncio.gather(*[order(client, shop) for _ in range(16)])
    return measured


async def _orders(client: aiohttp.ClientSession, shop: Shop) -> int:
    async with client.get(f"{shop.urls['order']}/books") as answer:
        return int((await answer.json())["confirmed"]["count"])


def ratio(values: list[float], base: list[float]) -> str:
    """`x1.20 [1.15-1.26]`: median and quartiles of the ratios of adjacent blocks."""
    ratios = [value / other for value, other in zip(values, base, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return f"x{middle:.2f} [{low:.2f}-{high:.2f}]"


def main() -> None:
    """Start the shops, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--backend", default="builtin", help="builtin, or a running backend's query address")
    parser.add_argument(
        "--variants", default="off,on", help=f"of {', '.join(VARIANTS)}; the first is what the others are compared with"
    )
    args = parser.parse_args()
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        shops = {}
        for number, name in enumerate(args.variants.split(",")):
            state, offset = Path(folder) / name, 20_000 + 1000 * number
            options = Options(state, args.backend, environment=VARIANTS[name], port_offset=offset)
            shops[name] = stack.enter_context(Shop(options))
        measured = asyncio.run(measure(shops, args.rounds))
        base = measured[args.variants.split(",")[0]]
        for name, values in measured.items():
            print(f"{name:18} memory after 1,000 orders {pss_mb(shops[name]):.0f} MB PSS")
            for title, unit, own, other in (
                ("p50, 1 client", "ms", values.p50, base.p50),
                ("CPU of services", "ms", values.cpu, base.cpu),
                ("16 clients", "/s", values.throughput, base.throughput),
            ):
                print(f"  {title:16} {statistics.median(own):6.1f} {unit:3} {ratio(own, other)}")


if __name__ == "__main__":
    main()
