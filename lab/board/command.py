"""A board for a room: who has solved the mystery round. On this machine alone, unless told an address of it."""

from __future__ import annotations

import argparse
import contextlib
import random
import socket
from ipaddress import ip_address

import uvicorn

from lab.board import app
from lab.board.scores import Score, Scores
from lab.learn import mystery, words
from lab.learn.lesson import LANGUAGES
from lab.learn.words import Words
from lab.options import WrongUse

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "[::1]"))


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="this machine's in the room's network")
    parser.add_argument("--port", type=int, default=8090, help="where it listens (8090)")
    parser.add_argument("--seed", type=int, metavar="N", help="the round that the room plays (drawn)")
    parser.add_argument("--level", type=int, choices=(1, 2, 3), default=1, help="how hard it is (1)")
    parser.add_argument("--lang", choices=LANGUAGES, help="the language (from the system)")


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C, then print the table."""
    seed = random.randint(1, mystery.MOST_SEED) if args.seed is None else args.seed  # noqa: S311 - nothing to keep secret
    mystery.checked(seed)
    say = Words(words.chosen(args.lang))
    scores = Scores(seed, args.level)
    listening = listen(args.host, args.port)
    address = f"http://{args.host}:{listening.getsockname()[1]}"
    print(say("board_open" if args.host in _LOOPBACK else "board_open_room", address=address), flush=True)
    print(say("board_tell", address=address, code=scores.code), flush=True)
    served = app.create(scores, say, address, _LOOPBACK | {args.host})
    config = uvicorn.Config(served, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn ends in order, and then raises it
        uvicorn.Server(config).run(sockets=[listening])
    print(f"\n{table(scores, say)}")
    return 0


def listen(host: str, port: int) -> socket.socket:
    """Open the port on one address of this machine; WrongUse where that cannot be."""
    try:
        address = ip_address(host)
    except ValueError:
        raise WrongUse(f"--host {host}: expected an address of this machine, such as 192.168.0.5.") from None
    if address.is_unspecified or address.version != 4:
        raise WrongUse(f"--host {host}: expected the one address that learners type, such as 192.168.0.5.")
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise WrongUse(
            f"{host}:{port} cannot be had ({error}): expected an address of this machine, and a free port (--port)."
        ) from None
    listening.listen(128)
    return listening


def table(scores: Scores, say: Words) -> str:
    """The scores as text, a line each."""
    ranked = enumerate(scores.ranked(), 1)
    return "\n".join(f"{number:3}  {each.name:24}  {_told(each, say)}" for number, each in ranked) or say(
        "board_nobody"
    )


def _told(score: Score, say: Words) -> str:
    """How long it took, else how near it is."""
    minutes, seconds = divmod(round(score.seconds), 60)
    return f"{minutes}:{seconds:02}" if score.solved else say("board_right", right=score.right)
