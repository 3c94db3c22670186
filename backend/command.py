"""`tracelab backend`: the built-in backend alone, on Zipkin's port and on OTLP's."""

from __future__ import annotations

import argparse
import signal
import socket
import threading
from types import FrameType

import uvicorn

from backend import app


class PortTaken(Exception):
    """A port to listen on belongs to another program."""

    exit_code = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `tracelab backend`."""
    parser.add_argument("--port", type=int, default=9411, help="for pages, queries and Zipkin spans (9411)")
    parser.add_argument("--otlp-port", type=int, default=4318, help="for OTLP over HTTP (4318)")


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    sockets = [listen(args.port, "--port"), listen(args.otlp_port, "--otlp-port")]
    print(f"Pages:  http://127.0.0.1:{args.port}/", flush=True)
    print(f"Zipkin: http://127.0.0.1:{args.port}/api/v2/spans", flush=True)
    print(f"OTLP:   http://127.0.0.1:{args.otlp_port}/v1/traces", flush=True)
    _serve(sockets)
    return 0


def serve(port: int, otlp_port: int) -> None:
    """Serve on two ports of 127.0.0.1 until SIGTERM or SIGINT; then return. PortTaken where one is in use."""
    _serve([listen(port, "--port"), listen(otlp_port, "--otlp-port")])


def listen(port: int, option: str) -> socket.socket:
    """Open a listening socket on 127.0.0.1; PortTaken names the port and the option that moves it."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if hasattr(
        socket, "SO_EXCLUSIVEADDRUSE"
    ):  # Windows: SO_REUSEADDR there would share a port that another program holds
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise PortTaken(
            f"Port {port} on 127.0.0.1 cannot be had ({error}); choose another one with {option}."
        ) from error
    listening.listen(128)
    return listening


def server() -> uvicorn.Server:
    """Make the server around a fresh application; `run(sockets=[...])` serves, `should_exit = True` ends it."""
    return uvicorn.Server(
        uvicorn.Config(app.create(), log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=3)
    )


def _serve(sockets: list[socket.socket]) -> None:
    # At its end uvicorn raises the signal that ended it once more, for the handler that was there before: nothing is
    # left to do then.
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _ended)
    server().run(sockets=sockets)


def _ended(number: int, frame: FrameType | None) -> None:
    """Let the process end by returning."""
