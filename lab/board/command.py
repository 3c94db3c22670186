"""A board for a room: who has solved the mystery round. On this machine alone, unless told an address of it."""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import socket
from ipaddress import AddressValueError, IPv4Address

import uvicorn

from backend import command
from discovery.terminal import column
from lab import up
from lab.board import app
from lab.board.scores import Scores
from lab.learn import mystery, words
from lab.learn.lesson import LANGUAGES
from lab.learn.seat import LONGEST_NAME, MOST_SEED, Playing
from lab.learn.words import Words
from lab.options import WrongUse

_LOOPBACK = frozenset(("localhost", "127.0.0.1"))
_ELSEWHERE = ("203.0.113.1", 9)  # an address that nobody has (RFC 5737)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="this machine's in the room's network")
    parser.add_argument("--port", type=int, default=8090, help="where it listens (8090)")
    parser.add_argument("--seed", type=int, metavar="N", help="the round that the room plays (drawn)")
    parser.add_argument("--level", type=int, choices=(1, 2, 3), default=1, help="how hard it is (1)")
    parser.add_argument("--lang", choices=LANGUAGES, help="the language (from the system)")


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C, then print the table."""
    seed = random.randint(1, MOST_SEED) if args.seed is None else mystery.checked(args.seed)  # noqa: S311 - no secret
    say = Words(words.chosen(args.lang))
    scores = Scores(Playing(seed, args.level))
    listening = listen(args.host, args.port)
    address = f"http://{args.host}:{listening.getsockname()[1]}"
    served = app.create(scores, say, address, _LOOPBACK | {args.host})
    config = uvicorn.Config(served, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2)
    up.end_on_signals()
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn ends in order, and then raises it
        is_open = "board_open" if IPv4Address(args.host).is_loopback else "board_open_room"
        print(say(is_open, address=address), flush=True)
        print(say("board_tell", address=address, code=scores.code), flush=True)
        uvicorn.Server(config).run(sockets=[listening])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who presses it twice wants the table as well
    print(f"\n{table(scores, say)}", flush=True)
    return 0


def listen(host: str, port: int) -> socket.socket:
    """Open the port on one address of this machine; WrongUse where it is none, PortTaken where the port is not free."""
    try:
        address = IPv4Address(host)
    except AddressValueError:
        raise WrongUse(f"--host {host}: expected an address of this machine, such as {_own()}.") from None
    if address.is_unspecified:
        raise WrongUse(f"--host {host}: expected the one address that learners type, such as {_own()}.")
    if not _is_own(host):
        raise WrongUse(f"--host {host} is not this machine's; its address in the network seems to be {_own()}.")
    return command.listen(port, "--port", host)


def _is_own(host: str) -> bool:
    """Whether this machine has the address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
        try:
            tried.bind((host, 0))
        except OSError:
            return False
    return not IPv4Address(host).is_multicast


def _own() -> str:
    """From which address this machine would send into a network; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
        try:
            tried.connect(_ELSEWHERE)
        except OSError:
            return "127.0.0.1"
        return str(tried.getsockname()[0])


def table(scores: Scores, say: Words) -> str:
    """The scores as text, a line each: rank, name, how long it took or how near it is, and the answers given."""
    lines = []
    for number, each in enumerate(scores.ranked(), 1):
        rank, found = (str(number), each.clock) if each.solved else ("", say("board_right", right=each.right))
        lines.append(f"{rank:>3}  {column(each.name, LONGEST_NAME)}  {found}  {say('board_given', tries=each.tries)}")
    return "\n".join(lines) or say("board_nobody")
