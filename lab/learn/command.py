"""Lessons that check themselves: they start something, ask something, and look at what really happened."""

from __future__ import annotations

import argparse

from lab import up
from lab.learn.lesson import LANGUAGES

_VERBS = {
    "list": "the lessons, and how far you have come",
    "next": "begin the next lesson, or the one of a number: starts what it needs, until Ctrl-C",
    "check": "check what you found, answered or mended; KEY=VALUE answers here",
    "hint": "a hint; there are three, each says more",
    "solution": "how it is solved; your own work is kept beside it",
    "reset": "begin a lesson anew; your own work is kept beside it",
    "skip": "leave a lesson for later",
    "watch": "begin a lesson, check whenever you save, and take keys: h, n, q",
    "mystery": "a round against the clock: a fault that nobody chose",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(f"  {verb:9} {told}" for verb, told in _VERBS.items())
    parser.add_argument(
        "verb", nargs="?", default="list", choices=_VERBS, metavar="VERB", help="list, where none is given"
    )
    parser.add_argument(
        "rest", nargs="*", metavar="N|KEY=VALUE", help="a lesson's number, the one begun last without; answers"
    )
    parser.add_argument("--lang", choices=LANGUAGES, help="the language, from now on (from the system)")
    parser.add_argument(
        "--backend", default="builtin", metavar="builtin|jaeger|zipkin|URL", help="where spans go (builtin)"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="mystery: the same round for everybody")
    parser.add_argument("--level", type=int, choices=(1, 2, 3), default=1, help="mystery: how hard (1)")
    parser.add_argument("--board", metavar="ADDRESS", help="mystery: the room's board, which gives seed and level")
    parser.add_argument("--code", help="mystery: the board's code")
    parser.add_argument("--name", help="mystery: your name on the board")
    up.port_offset(parser)


def run(args: argparse.Namespace) -> int:
    """Do what the verb says."""
    from lab.learn.room import Room
    from lab.learn.verbs import VERBS

    up.end_on_signals()
    room = Room(args)
    try:
        return VERBS[args.verb](room, args.rest)
    except KeyboardInterrupt:
        room.say("ended")
        return 0 if args.verb in ("next", "watch", "mystery") else 130
