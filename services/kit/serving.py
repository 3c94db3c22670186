"""Runs a service in this process, traced: for `tracelab up`, and for `python -m services.kit.serving` by hand."""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType

import uvicorn

from services.kit import logs, telemetry

_GRACE_SECONDS = 12  # for requests in flight: their budget and a little more


def run(app: str, host: str, port: int) -> None:
    """Serve `module:attribute` until SIGTERM or SIGINT; requests in flight are finished and their spans sent.

    Telemetry starts before the app is imported: engines and clients made earlier would have no spans.
    """
    signal.signal(signal.SIGTERM, _end)  # uvicorn raises it again when all is done; by default that looks like a death
    logs.configure()
    telemetry.start()
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _end(_: int, __: FrameType | None) -> None:
    sys.exit(0)


def main() -> None:
    """Run one service from the command line."""
    parser = argparse.ArgumentParser(prog="python -m services.kit.serving", description=run.__doc__)
    parser.add_argument("app", help="for example services.order.app:app")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    args = parser.parse_args()
    run(args.app, args.host, args.port)


if __name__ == "__main__":
    main()
