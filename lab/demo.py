"""Starts the shop, buys, slows one order down and breaks another, and shows where their traces say the trouble is."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

import lab
from discovery import client
from discovery.errors import NotFound
from discovery.trace import Trace
from discovery.waterfall import Waterfall
from lab import evidence, memory, orders, state, up
from lab.evidence import Finding
from lab.options import Options
from lab.shop import Shop

_HEALTHY = 5
_SETTLED = 0.7  # seconds without a new span: longer than the delay of a batch
_OLD = 1.0  # seconds after its end until a trace without gaps is taken as whole
_WITHIN = 15.0


class Unexpected(Exception):
    """Something that the demo needs did not happen."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault to ask for, and how to find it in a trace."""

    title: str
    service: str
    fault: str
    parameter: str
    find: Callable[[Trace, list[Trace]], Finding | None]


TROUBLES = (
    Trouble("One order, with a slow payment service", "payment", "latency", "300ms", evidence.added_time),
    Trouble(
        "One order, with a failing inventory service",
        "inventory",
        "error",
        "503",
        lambda trace, _: evidence.error_origin(trace),
    ),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--once", action="store_true", help="stop at the end instead of staying up")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the show")
    up.port_offset(parser)


def run(args: argparse.Namespace) -> int:
    """Give the demo."""
    chosen = Options(state=state.folder(), port_offset=up.offset(args.port_offset))
    show = _mute if args.json else up.tell
    up.end_on_signals()
    try:
        with Shop(chosen, _complain) as shop:
            found = Demo(shop, show).run()
            if args.json:
                up.tell(json.dumps(found))
            if not args.once:
                show(_farewell(shop, found["trace_id"]))
                shop.wait()
    except KeyboardInterrupt:
        show("\nstopped")
    return 0


class Demo:
    """One demo at one shop."""

    def __init__(self, shop: Shop, show: Callable[[str], None]) -> None:
        self.shop = shop
        self.show = show
        self.backend = client.probe(shop.tracing.query)

    def run(self) -> dict[str, Any]:
        """Buy, break, explain; return what was measured."""
        ready = time.monotonic() - lab.STARTED
        self.show(f"ready in {ready:.1f} s: {', '.join(self.shop.pids)}\n")
        sku = orders.a_product(self.shop.url)
        answers = [self._buy(sku)]
        first, complete_at = self._complete(answers[0].trace_id)
        answers += [self._buy(sku) for _ in range(_HEALTHY - 1)]
        healthy = [first] + [self._complete(answer.trace_id)[0] for answer in answers[1:]]
        each = median(answer.seconds for answer in answers[1:]) * 1000
        self._present(f"1. {len(answers)} healthy orders, {each:.0f} ms each (median); the last one:", healthy[-1])
        findings = [self._break(number, trouble, sku, healthy) for number, trouble in enumerate(TROUBLES, 2)]
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

    def _buy(self, sku: str) -> orders.Answer:
        """Place an order that must succeed."""
        answer = orders.buy(self.shop.url, sku)
        if answer.status != 201:
            raise Unexpected(f"A healthy order was answered {answer.status}: {answer.body}; see {self._logs()}.")
        return answer

    def _break(self, number: int, trouble: Trouble, sku: str, healthy: list[Trace]) -> dict[str, Any]:
        """Place one order with a fault, and say what its trace proves."""
        fault = f"{trouble.service}.{trouble.fault}:{trouble.parameter}"
        answer = orders.buy(self.shop.url, sku, fault)
        trace, _ = self._complete(answer.trace_id)
        answered = f"answered {answer.status} in {answer.seconds * 1000:.0f} ms"
        finding = trouble.find(trace, healthy)
        self._present(f"{number}. {trouble.title}\n   (baggage: fault={fault}), {answered}:", trace, finding)
        return {"injected": {"service": trouble.service, "fault": trouble.fault}, "verdict": _verdict(finding)}

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
            return client.read(self.backend, trace_id, wait=0, expected=1)
        except NotFound:
            return None

    def _present(self, title: str, trace: Trace, finding: Finding | None = None) -> None:
        console = Console()
        with console.capture() as drawn:
            console.print(Waterfall(trace), crop=False)
        self.show(f"{title}\n")
        self.show(drawn.get().rstrip("\n"))
        if finding:
            width = console.width - 1
            self.show("\n" + textwrap.fill(finding.reason, width, initial_indent="=> ", subsequent_indent="   "))
        self.show(f"   {self.shop.page(trace.trace_id)}\n")

    def _logs(self) -> Path:
        return state.logs(self.shop.options.state)


def _is_old(trace: Trace) -> bool:
    """Tell whether every span must have been sent by now."""
    return not trace.missing and time.time() - (trace.start + trace.duration) / 1e6 > _OLD


def _verdict(finding: Finding | None) -> dict[str, Any]:
    """What one trace beside a few healthy ones can say: the place. The kind of trouble is left open."""
    if finding is None:
        return {"found": False, "reason": "Nothing in the trace grew or turned red."}
    return {
        "found": True,
        "service": finding.service,
        "operation": finding.operation,
        "fault": None,
        "share": round(finding.share, 3),
        "evidence": [{"trace_id": finding.trace_id, "span_ids": list(finding.span_ids)}],
        "not_told_from": [],
        "reason": finding.reason,
        "checked": {},
    }


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
            f"  {me} load slow-payment",
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
