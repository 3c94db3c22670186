"""Say what is missing or wrong on this machine; walk a trace's path, from service to query; name what mends it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from lab import state, up
from lab.doctor import machine, mends, programs
from lab.doctor.ask import is_address
from lab.doctor.check import Check, wrapped
from lab.options import WrongUse
from lab.tracing import ZIPKIN_PORT

_WIDEST = 100


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    up.port_offset(parser)
    parser.add_argument("--target", metavar="URL", help="the gateway to begin at (the shop that is up here)")
    parser.add_argument("--backend", metavar="URL", help="where its traces are read (where that shop's are)")
    parser.add_argument("--json", action="store_true", help="one object: checks, and where the path stops")


def run(args: argparse.Namespace) -> int:
    """Look, and walk where a shop is up; 1 if something needed is wrong."""
    environment = _environment(args)
    here = chain(machine.checks(up.offset(args.port_offset)), programs.checks())
    if args.json:
        found = [*here, *_walked(environment)]
        print(json.dumps(_document(found), ensure_ascii=False))
    else:
        found = list(_printed(here))
        print(f"\nA trace's path: service -> exporter -> backend -> query{_beginning(environment)}")
        found += _printed(_walked(environment))
        print(f"\n{_closing(found)}")
    return 1 if any(check.wrong for check in found) else 0


def _environment(args: argparse.Namespace) -> Mapping[str, str]:
    """Where the walk goes: options first, then this terminal's TRACELAB_*, then the shop that is up."""
    chosen = {"TRACELAB_TARGET": args.target, "TRACELAB_BACKEND": args.backend}
    chosen = {name: value or os.environ.get(name) for name, value in chosen.items()}
    own = {name: _address(name, value) for name, value in chosen.items() if value}
    running = state.running(state.folder())
    shop = running.environment if running else {}
    if own.get("TRACELAB_TARGET", shop.get("TRACELAB_TARGET")) != shop.get("TRACELAB_TARGET"):
        shop = {}  # another shop is meant
    return {**os.environ, **shop, **own}


def _address(name: str, given: str) -> str:
    whole = given if "://" in given else f"http://{given}"
    if not is_address(whole):
        option = f"--{name.removeprefix('TRACELAB_').lower()}"
        raise WrongUse(f"{option} (or {name}) is {given!r}; expected an address such as http://127.0.0.1:8080.")
    return whole.rstrip("/")


def _walked(environment: Mapping[str, str]) -> Iterator[Check]:
    """The walk's checks; only a note where no shop is up."""
    target = environment.get("TRACELAB_TARGET")
    if target is None:
        text = "no shop is up here, so there is none to walk: start one in another terminal, and ask again."
        yield Check("walk", fine=False, text=text, needed=False, mend=mends.tracelab("up"))
        return
    from lab.doctor import evidence, walk

    query = environment.get("TRACELAB_BACKEND", f"http://127.0.0.1:{ZIPKIN_PORT}")
    yield from walk.checks(evidence.gather(target, query, environment))


def _beginning(environment: Mapping[str, str]) -> str:
    """What is about to happen, for it takes a moment."""
    return " (25 s at most)" if "TRACELAB_TARGET" in environment else ""


def _printed(checks: Iterable[Check]) -> Iterator[Check]:
    """Print each as it comes."""
    for check in checks:
        print(check.told(_width()), flush=True)
        yield check


def _closing(found: list[Check]) -> str:
    """One sentence: where the path stops and what mends it, or that all is well."""
    from lab.doctor import walk

    if stop := walk.stop(found):
        who = "for some spans " if stop.partly else ""
        then = " Stop the shop with Ctrl-C, and start it so:" if f"{up.command()} up" in stop.mend else ""
        text = f"The path stops {who}at the {stop.stops_at}: {stop.text}{then}"
        return f"{wrapped(text, _width())}\nmend: {stop.mend}"
    wrong = [check.name for check in found if check.wrong]
    if wrong:
        return f"Wrong here: {', '.join(wrong)}. Under each stands the command that mends it."
    if found[-1].name == "walk":
        return "Nothing that is needed is wrong here."
    return "The path is whole: what the services do can be read as traces."


def _document(found: list[Check]) -> dict[str, object]:
    from lab.doctor import walk

    stop = walk.stop(found)
    names = ("name", "fine", "needed", "text", "mend")
    return {
        "checks": [{name: getattr(check, name) for name in names} for check in found],
        "stops_at": stop.stops_at if stop else None,
    }


def _width() -> int:
    """The terminal's; what another program reads is not wrapped."""
    columns = shutil.get_terminal_size((0, 0)).columns
    return min(columns, _WIDEST) if columns else sys.maxsize
