"""Starts the shop, buys, slows some orders down and breaks others, and names who it was from their traces alone."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

import lab
from discovery import client
from discovery.culprit import gather, telling
from discovery.culprit.judge import judge
from discovery.errors import NotFound
from discovery.trace import Trace
from discovery.waterfall import Waterfall
from lab import memory, orders, state, up
from lab.options import Options
from lab.orders import Answer
from lab.shop import Shop

DONE = "The demo is over: everything works on this machine."  # its last line with --once, told to learners beforehand
_HEALTHY = 24  # orders
_TROUBLED = 16  # orders, of which every other one meets the fault
_SETTLED = 0.7  # seconds without a new span: longer than the delay of a batch
_OLD = 1.0  # seconds after its end until a trace without gaps is taken as whole
_WITHIN = 15.0


class Unexpected(Exception):
    """Something that the demo needs did not happen."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault to ask for, and how to announce it."""

    title: str
    service: str
    fault: str
    parameter: str

    def __str__(self) -> str:
        return f"{self.service}.{self.fault}:{self.parameter}"


TROUBLES = (
    Trouble("a slow payment service", "payment", "latency", "300ms"),
    Trouble("a failing inventory service", "inventory", "error", "503"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--once", action="store_true", help="stop at the end instead of staying up")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the show")
    up.port_offset(parser)


def run(args: argparse.Namespace) -> int:
    """Give the demo."""
    chosen = Options(state=state.folder(), port_offset=up.offset(args.port_offset))
    up.end_on_signals()
    try:
        with Shop(chosen, _complain) as shop:
            demo = Demo(shop, quiet=args.json)
            found = demo.run()
            if args.json:
                up.tell(json.dumps(found))
            if not args.once:
                demo.say(_farewell(shop, found["trace_id"]))
                shop.wait()
        if args.once and not args.json:
            up.tell(DONE)
    except KeyboardInterrupt:
        if not args.json:
            up.tell("\nstopped")
    return 0


class Demo:
    """One demo at one shop."""

    def __init__(self, shop: Shop, *, quiet: bool) -> None:
        self.shop = shop
        self.say: Callable[[str], None] = _mute if quiet else up.tell
        self._quiet = quiet
        self._backend = client.probe(shop.tracing.query)
        self._sku = ""

    def run(self) -> dict[str, Any]:
        """Buy, break, explain; return what was measured."""
        ready = time.monotonic() - lab.STARTED
        self.say(f"ready in {ready:.1f} s: {', '.join(self.shop.pids)}")
        self._sku = orders.a_product(self.shop.url)
        answers = [self._buy()]
        first, complete_at = self._complete(answers[0].trace_id)
        self.say(f"first order traced, {complete_at - lab.STARTED:.1f} s after the start\n")
        with self._progress("buying") as tell:
            for number in range(2, _HEALTHY + 1):
                tell(f"healthy orders: {number} of {_HEALTHY}")
                answers.append(self._buy())
            healthy = [first, *self._traces(answers[1:])]
        each = median(answer.seconds for answer in answers[1:]) * 1000
        self._draw(f"1. {len(answers)} healthy orders, {each:.0f} ms each (median). The last one:", healthy[-1])
        findings = [self._break(number, trouble, healthy) for number, trouble in enumerate(TROUBLES, 2)]
        return {
            "ready_s": round(ready, 3),
            "first_trace_s": round(complete_at - lab.STARTED, 3),
            "trace_id": first.trace_id,
            "services": sorted(first.services),
            "spans": len(first.spans),
            "pss_kib": memory.pss_kib(),
            "findings": findings,
            "lost_spans": sum(orders.lost_spans(url) for name, url in self.shop.urls.items() if name != "issuer"),
            "total_s": round(time.monotonic() - lab.STARTED, 3),
        }

    def _buy(self) -> Answer:
        """Place an order that must succeed."""
        answer = orders.buy(self.shop.url, self._sku)
        if answer.status != 201:
            raise Unexpected(f"A healthy order was answered {answer.status}: {answer.body}; see {self._logs()}.")
        if not answer.trace_id:
            raise Unexpected(
                "The shop's answers name no trace, so nothing is recorded: is OTEL_SDK_DISABLED set in this terminal? "
                f"{up.command()} doctor says more."
            )
        return answer

    def _break(self, number: int, trouble: Trouble, healthy: list[Trace]) -> dict[str, Any]:
        """Place orders of which every other one meets a fault, and name the culprit from all their traces."""
        answers = []
        with self._progress("breaking") as tell:
            for order in range(1, _TROUBLED + 1):
                tell(f"orders with {trouble.title}: {order} of {_TROUBLED}")
                answers.append(orders.buy(self.shop.url, self._sku, fault=str(trouble) if order % 2 else ""))
            tell("waiting for their traces, and comparing them with the healthy ones")
            case = gather.of_windows(healthy, self._traces(answers))
            verdict = judge(case)
        self.say(f"{number}. {_TROUBLED} orders, half of them with {trouble.title}")
        self.say(f"   (baggage: fault={trouble}). What their traces say:\n")
        if not self._quiet:
            telling.tell(verdict, case, self.shop.page)
            self.say("")
        return {
            "injected": {"service": trouble.service, "fault": trouble.fault},
            "verdict": verdict.as_json(),
        }

    def _traces(self, answers: list[Answer]) -> list[Trace]:
        return [self._complete(answer.trace_id)[0] for answer in answers]

    def _complete(self, trace_id: str) -> tuple[Trace, float]:
        """Wait until a trace has stopped growing; return it, and when its last span was there."""
        grown, trace = time.monotonic(), None
        while time.monotonic() - grown < (_SETTLED if trace else _WITHIN) and not (trace and _is_old(trace)):
            seen = self._seen(trace_id)
            if seen and (trace is None or len(seen.spans) > len(trace.spans)):
                grown, trace = time.monotonic(), seen
            time.sleep(0.02)
        if trace is None:
            raise Unexpected(f"Trace {trace_id!r} did not arrive within {_WITHIN:.0f} s; see {self._logs()}.")
        return trace, grown

    def _seen(self, trace_id: str) -> Trace | None:
        try:
            return client.read(self._backend, trace_id, wait=0, expected=1)
        except NotFound:
            return None

    def _draw(self, title: str, trace: Trace) -> None:
        if self._quiet:
            return
        self.say(f"{title}\n")
        Console().print(Waterfall(trace), crop=False)
        self.say(f"  {self.shop.page(trace.trace_id)}\n")

    @contextmanager
    def _progress(self, text: str) -> Iterator[Callable[[str], None]]:
        """Show on a terminal what is being done; elsewhere nothing."""
        console = Console(stderr=True)
        if self._quiet or not console.is_terminal:
            yield _mute
            return
        with console.status(text) as status:
            yield status.update

    def _logs(self) -> Path:
        return state.logs(self.shop.options.state)


def _is_old(trace: Trace) -> bool:
    """Tell whether every span must have been sent by now."""
    return not trace.missing and time.time() - (trace.start + trace.duration) / 1e6 > _OLD


def _farewell(shop: Shop, trace_id: str) -> str:
    me = up.command()
    return "\n".join(
        [
            "Everything stays up. Open it:",
            "",
            f"  shop    {shop.url}/",
            f"  traces  {shop.tracing.query}/",
            "",
            "or type in a second terminal:",
            "",
            f"  {me} load slow-payment --out runs/slow-payment",
            f"  {me} find --run runs/slow-payment",
            f"  {me} show {trace_id}",
            f"  {me} logs payment",
            "",
            "Ctrl-C stops everything.",
        ]
    )


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _mute(_: str) -> None:
    pass
