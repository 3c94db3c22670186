"""Starts the shop as real processes and keeps it up until Ctrl-C, which stops it with no span lost."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from pathlib import Path

from lab import options, overlay, start_faults, state
from lab.options import Options
from lab.shop import Shop


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--overlay",
        type=Path,
        metavar="DIR",
        help="files of your own in place of the shop's: services/payment/app.py ...",
    )
    parser.add_argument(
        "--backend", default="builtin", metavar="builtin|jaeger|zipkin|URL", help="where spans go (builtin)"
    )
    parser.add_argument(
        "--database", metavar="URL", help="postgresql://USER:PASSWORD@HOST:PORT instead of SQLite files"
    )
    parser.add_argument(
        "--replicas", action="append", default=[], metavar="SERVICE=N", help="so many of a service, taking turns"
    )
    parser.add_argument("--payment", metavar="URL", help="a payment service of your own, not started here")
    parser.add_argument(
        "--with",
        dest="faults",
        action="append",
        default=[],
        metavar="SERVICE.FAULT[:PARAM]",
        help="start with a fault, one a service (tracelab faults lists them)",
    )
    port_offset(parser)


def port_offset(parser: argparse.ArgumentParser) -> None:
    """Declare --port-offset."""
    parser.add_argument(
        "--port-offset", type=int, metavar="N", help="added to every port (TRACELAB_PORT_OFFSET, else 0)"
    )


def run(args: argparse.Namespace) -> int:
    """Start, say so, and wait for the end."""
    chosen = Options(
        state=state.folder(),
        backend=args.backend,
        database=args.database,
        replicas=options.replicas(args.replicas),
        payment=args.payment,
        port_offset=offset(args.port_offset),
        faults=start_faults.read(args.faults),
        overlay=overlay.checked(args.overlay) if args.overlay else None,
    )
    end_on_signals()
    try:
        with Shop(chosen, tell) as shop:
            tell(welcome(shop))
            try:
                shop.wait()
            except KeyboardInterrupt:
                tell("\nstopping (Ctrl-C again kills at once)")
    except KeyboardInterrupt:
        pass  # while still starting
    tell("stopped")
    return 0


def offset(given: int | None) -> int:
    """The port offset: the option's, else the environment's, else none."""
    text = os.environ.get("TRACELAB_PORT_OFFSET") or "0"
    if given is None and not text.isdecimal():
        raise options.WrongUse(f"TRACELAB_PORT_OFFSET is {text!r}; expected a whole number, such as 1000.")
    return int(text) if given is None else given


def end_on_signals() -> None:
    """Let SIGTERM and the terminal's death do what Ctrl-C does, unless somebody (nohup) asked to ignore them."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def tell(text: str) -> None:
    """Print, also where the terminal is gone already."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


def welcome(shop: Shop) -> str:
    """What to open and what to type next."""
    return "\n".join(
        [
            f"ready in {shop.ready_seconds:.1f} s: {', '.join(shop.pids)}",
            "",
            f"  shop    {shop.url}/",
            f"  traces  {shop.tracing.query}/",
            f"  logs    {state.logs(shop.options.state)}",
            "",
            "Buy something on the shop's page, or type in a second terminal:",
            "",
            f"  {command()} load slow-payment",
            "",
            "Ctrl-C stops everything.",
        ]
    )


def command() -> str:
    """How the user calls us, from the project's folder."""
    return "py tracelab" if sys.platform == "win32" else "./tracelab"
