"""Send a scenario's requests to a shop, on time whatever comes back, and report with links to the traces."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shlex
import signal
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from load import record, report, scenario, schedule, target
from load.adjust import adjusted
from load.generator import drive
from load.link import template
from load.live import Live
from load.result import Result
from load.review import Review, review
from load.scenarios_command import listing
from load.terminal import say

_DEFAULT = "steady"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `tracelab load`."""
    parser.add_argument("scenario", nargs="?", metavar="SCENARIO|FILE.toml", help="without it: lists them, runs steady")
    parser.add_argument(
        "--rate", type=float, metavar="N", help="requests a second at the start; phases keep their proportion"
    )
    parser.add_argument("--duration", metavar="30s", help="length of the whole run; phases keep their parts")
    parser.add_argument("--fault", metavar="SERVICE.FAULT[:PARAM]", help="inject this one; see tracelab faults")
    parser.add_argument("--percent", type=float, metavar="20", help="share of requests that carry the fault")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="same seed, same requests (default: 1)")
    parser.add_argument("--target", metavar="URL", help="the gateway (default: TRACELAB_TARGET, else the shop here)")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="keep the run there: report.html and what it is made of"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--i-own-this-target", action="store_true", help="allow a target outside private networks")


def run(args: argparse.Namespace) -> int:
    """Run a scenario and report; 1 where a threshold failed, 3 where the generator itself was late."""
    if args.scenario is None:
        say(listing() + "\n", sys.stderr if args.json else None)
    name = args.scenario or _DEFAULT
    wanted = adjusted(
        scenario.find(name), rate=args.rate, duration=args.duration, fault=args.fault, percent=args.percent
    )
    url = args.target or os.environ.get("TRACELAB_TARGET") or "http://127.0.0.1:8080"
    address = target.checked(url, owned=args.i_own_this_target)
    template()  # a wrong one is said now, not after the run
    if args.out:
        record.prepare(args.out)
    if not args.json:
        say(textwrap.fill(f"{name}: {wanted.about}", 79))
        say(f"Target {address}, seed {args.seed}. Ctrl-C stops and reports.\n")
    result = asyncio.run(_watched(schedule.plan(wanted, args.seed), address))
    found = review(name, wanted, result)
    try:
        say(json.dumps({"scenario": name, **record.summary(found)}) if args.json else report.text(found))
    finally:  # where nobody reads on, as after `| head`, the run is kept all the same
        if args.out:
            record.write(found, args.out)
    if not args.json:
        say(_kept(found, args.out))
    return found.exit_code


def _kept(found: Review, folder: Path | None) -> str:
    """Say where the run is, or how to keep the next one."""
    if folder is None:
        return f"To keep a run and its plots: tracelab load {shlex.quote(found.scenario)} --out runs/NAME"
    return f"Kept in {folder}; open {folder / 'report.html'} in a browser."


async def _watched(plan: schedule.Plan, address: str) -> Result:
    """Drive the plan with progress on the terminal, until it ends or somebody ends it."""
    live = Live()
    try:
        with _stopping() as stop:
            return await drive(plan, address, stop=stop, watch=live.show)
    finally:
        live.clear()


@contextmanager
def _stopping() -> Iterator[asyncio.Event]:
    """Turn the first Ctrl-C (or SIGTERM) into an event; the second one is the usual interruption."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
