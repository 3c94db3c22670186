"""Order something at the shop that is up, perhaps with a fault on the way, and get the trace's id and link."""

from __future__ import annotations

import argparse
import os

from lab import orders, plan, up
from load.errors import WrongUse

_TRACE_URL = "http://127.0.0.1:9411/trace/{trace_id}"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("sku", nargs="*", help="one piece of each; what there is most of without any")
    parser.add_argument("--fault", default="", metavar="SERVICE.FAULT[:PARAM]", help="travels along as baggage")


def run(args: argparse.Namespace) -> int:
    """Order, and say what came of it."""
    shop = os.environ.get("TRACELAB_TARGET") or plan.url("gateway", up.offset(None))
    answer = orders.buy(shop, *(args.sku or [orders.a_product(shop)]), fault=_canonical(args.fault))
    print(f"{answer.status} {_told(answer.body)}")
    if answer.trace_id:
        link = os.environ.get("TRACELAB_TRACE_URL", _TRACE_URL).replace("{trace_id}", answer.trace_id)
        print(f"trace {answer.trace_id}\n{link}")
    return 0


def _told(body: object) -> str:
    """An order's id and status, or a problem's own words."""
    if not isinstance(body, dict):
        return ""
    return f"{body['status']}: order {body['id']}" if "id" in body else str(body.get("detail", body.get("title", "")))


def _canonical(fault: str) -> str:
    from load import catalogue

    try:
        return catalogue.canonical(fault) if fault else ""
    except ValueError as error:
        raise WrongUse(f"--fault: {error}.") from None
