"""Says what is missing or wrong on this machine, and the command that mends it."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass

from lab import plan, ports, state, up
from lab.tracing import OTLP_PORT, ZIPKIN_PORT


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; `needed` tells a fault from a mere note."""

    name: str
    fine: bool
    text: str
    needed: bool = True


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    up.port_offset(parser)


def run(args: argparse.Namespace) -> int:
    """Print each check; 1 if one that is needed failed."""
    found = list(checks(up.offset(args.port_offset)))
    width = max(len(check.name) for check in found)
    for check in found:
        mark = "ok" if check.fine else "wrong" if check.needed else "note"
        print(f"{mark:5}  {check.name:{width}}  {check.text}")
    return 1 if any(check.needed and not check.fine for check in found) else 0


def checks(offset: int) -> Iterator[Check]:
    """Look at everything that a start relies on."""
    yield _python()
    yield _folder()
    yield from _ports(offset)
    yield _console()
    yield _proxy()
    for program, what in {
        "docker": "docker compose needs it; `tracelab up` does not",
        "jaeger": "`tracelab up --backend jaeger` starts it; the built-in backend needs nothing",
        "java": "runs a zipkin.jar for `tracelab up --backend zipkin`; the built-in backend needs nothing",
    }.items():
        path = shutil.which(program)
        yield Check(program, path is not None, path or f"not on the PATH: {what}", needed=False)


def _python() -> Check:
    text = f"{sys.version.split()[0]} on {sysconfig.get_platform()}, {sys.executable}"
    return Check("python", sys.version_info >= (3, 11), text)


def _folder() -> Check:
    folder = state.folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free // 1024**2
    except OSError as error:
        return Check("folder", fine=False, text=f"{folder}: {error.strerror}; set TRACELAB_STATE to one you may write")
    if not os.access(folder, os.W_OK):
        return Check("folder", fine=False, text=f"{folder} is read-only; set TRACELAB_STATE to one you may write")
    return Check("folder", free > 200, f"{folder}, {free} MB free" + ("" if free > 200 else "; make room: 200 MB"))


def _ports(offset: int) -> Iterator[Check]:
    """The ports of a shop, unless they are taken by the very shop that is up here."""
    if running := state.running(state.folder()):
        yield Check(
            "ports", fine=True, text=f"a shop is up (pid {running.pid}): {running.environment['TRACELAB_TARGET']}"
        )
        return
    wanted = [port + offset for port in (*plan.PORTS.values(), ZIPKIN_PORT, OTLP_PORT)]
    try:
        ports.check(wanted, offset)
    except ports.Busy as busy:
        yield Check("ports", fine=False, text=str(busy))
    else:
        yield Check("ports", fine=True, text=f"{', '.join(map(str, wanted))} are free")


def _console() -> Check:
    encoding = sys.stdout.encoding or "unknown"
    try:
        "\u2588\u2514\u2717".encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return Check("console", fine=False, text=f"{encoding}: waterfalls are drawn in ASCII", needed=False)
    return Check("console", fine=True, text=f"{encoding}")


def _proxy() -> Check:
    names = [name for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy") if os.environ.get(name)]
    if not names:
        return Check("proxy", fine=True, text="none")
    return Check("proxy", fine=True, text=f"{', '.join(names)} is set; 127.0.0.1 is reached directly all the same")
