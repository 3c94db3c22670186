"""`tracelab backend`: the built-in backend alone, on Zipkin's port and on OTLP's."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from backend import app
from backend.file import Unusable
from backend.retention import Limits
from backend.server import Server
from backend.store import Store


class PortTaken(Exception):
    """A port to listen on belongs to another program."""

    exit_code = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `tracelab backend`."""
    parser.add_argument("--port", type=int, default=9411, help="for pages, queries and Zipkin spans (9411)")
    parser.add_argument("--otlp-port", type=int, default=4318, help="for OTLP over HTTP (4318)")
    parser.add_argument("--store", metavar="FILE", help="where traces are kept (.tracelab/data/traces.db)")
    parser.add_argument("--size", type=_above_zero, default=1024, metavar="MB", help="the most that is kept (1024)")
    parser.add_argument("--age", type=_above_zero, default=168, metavar="HOURS", help="for how long it is kept (168)")


def _above_zero(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text[:9]) > 0 and len(text) < 9):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    sockets = [listen(args.port, "--port"), listen(args.otlp_port, "--otlp-port")]
    file = Path(args.store) if args.store else _usual()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(f"{file} cannot be made ({error.strerror}); name another with --store.") from error
    store = Store(file, Limits(args.size * 1024 * 1024, args.age * 3600.0))
    print(f"Store:  {file}", flush=True)
    print(f"Pages:  http://127.0.0.1:{args.port}/", flush=True)
    print(f"Zipkin: http://127.0.0.1:{args.port}/api/v2/spans", flush=True)
    print(f"OTLP:   http://127.0.0.1:{args.otlp_port}/v1/traces", flush=True)
    _serve(sockets, store)
    return 0


def serve(port: int, otlp_port: int, file: str) -> None:
    """Serve on two ports of 127.0.0.1 until SIGTERM or SIGINT; then return. PortTaken where one is in use."""
    _serve([listen(port, "--port"), listen(otlp_port, "--otlp-port")], Store(Path(file)))


def listen(port: int, option: str, host: str = "127.0.0.1") -> socket.socket:
    """Open a listening socket on an address of this machine; PortTaken names the port and the option that moves it."""
    # The protocol said explicitly: only then does asyncio switch Nagle's delay off, 40 ms on every small answer.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if hasattr(
        socket, "SO_EXCLUSIVEADDRUSE"
    ):  # Windows: SO_REUSEADDR there would share a port that another program holds
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise PortTaken(f"Port {port} on {host} cannot be had ({error}); choose another one with {option}.") from error
    listening.listen(128)
    return listening


def server(store: Store, **options: Any) -> Server:
    """Make the server around a store; `run(sockets=[...])` serves, `should_exit = True` ends it.

    Options are those of `backend.app.create`.
    """
    ending = threading.Event()
    config = uvicorn.Config(
        app.create(store, ending, **options),
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    return Server(config, ending)


def _usual() -> Path:
    """Where traces are kept unless told: the folder that `tracelab reset` forgets."""
    return Path(os.environ.get("TRACELAB_STATE", ".tracelab")) / "data" / "traces.db"


def _serve(sockets: list[socket.socket], store: Store) -> None:
    # At its end uvicorn raises the signal that ended it once more, for the handler that was there before: nothing is
    # left to do then.
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _ended)
    # Threads that write and answer queries take turns with the one that takes spans in: shorter turns keep each waiting
    # for less, at a cost that the benchmark of ingest does not show.
    sys.setswitchinterval(0.001)
    # A batch makes thousands of objects that no cycle holds: looking for cycles among them after every 700 took a fifth
    # of the time of reading a long trace.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)
    try:
        server(store).run(sockets=sockets)
    finally:
        store.close()


def _ended(number: int, frame: FrameType | None) -> None:
    """Let the process end by returning."""
