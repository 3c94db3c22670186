"""Looks at this machine: what a shop needs to start, to keep its traces and to show them."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
import time
import urllib.request
import webbrowser
from collections.abc import Iterator

from lab import plan, ports, state
from lab.doctor import memory, mends
from lab.doctor.check import Check, note
from lab.tracing import OTLP_PORT, ZIPKIN_PORT

_DISK_MB = 200
_MEMORY_MB = 300  # launcher, services and backend after a thousand orders, and some room
_SLACK = 60.0  # seconds by which a file may be newer than now: another machine wrote it
_OURS = ("backend", "discovery", "gateway", "lab", "load", "services")


def checks(offset: int) -> Iterator[Check]:
    """Look at everything that a start relies on; the ports with that offset."""
    yield _python()
    yield _folder()
    yield _memory()
    yield _clock()
    yield _ports(offset)
    yield _console()
    yield _browser()
    yield _proxy()


def _python() -> Check:
    text = f"{sys.version.split()[0]} on {sysconfig.get_platform()}, {sys.executable}"
    fine = sys.version_info >= (3, 11)
    mend = mends.by_system(
        linux="sudo apt install python3", macos="brew install python", windows="winget install Python.Python.3.13"
    )
    return Check("python", fine, text, mend="" if fine else mend)


def _folder() -> Check:
    folder = state.folder()
    elsewhere = mends.exported("TRACELAB_STATE", "$HOME/tracelab-state")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free // 1024**2
    except OSError as error:
        return Check("folder", fine=False, text=f"{folder} cannot be written to: {error.strerror}.", mend=elsewhere)
    if free < _DISK_MB:
        text = f"{folder} has {free} MB free, and a shop needs {_DISK_MB}: make room; old traces go with the command."
        return Check("folder", fine=False, text=text, mend=mends.tracelab("reset"))
    return Check("folder", fine=True, text=f"{folder}, {free} MB free")


def _memory() -> Check:
    free = memory.available_mb()
    if free is None:
        return Check("memory", fine=True, text="this system does not tell")
    if free < _MEMORY_MB:
        text = f"{free} MB free, and a shop takes {_MEMORY_MB}: close something; the command lists what holds most."
        return note("memory", text, mends.most_memory())
    return Check("memory", fine=True, text=f"{free} MB free")


def _clock() -> Check:
    """The clock cannot be before the newest file of the program; no network is needed to see that."""
    newest = max(file.stat().st_mtime for name in _OURS for file in (state.ROOT / name).rglob("*.py"))
    now = time.strftime("%Y-%m-%d %H:%M:%S %z")
    if newest > time.time() + _SLACK:
        text = f"{now} is before the newest file of this program: traces would lie in the past, where no page looks."
        return note("clock", text, mends.clock())
    return Check("clock", fine=True, text=now)


def _ports(offset: int) -> Check:
    """The ports of a shop, unless they are taken by the very shop that is up here."""
    if running := state.running(state.folder()):
        text = f"a shop is up (pid {running.pid}): {running.environment['TRACELAB_TARGET']}"
        return Check("ports", fine=True, text=text)
    usual = [*plan.PORTS.values(), ZIPKIN_PORT, OTLP_PORT]
    try:
        ports.check([port + offset for port in usual], offset)
    except ports.Busy as busy:
        mend = mends.tracelab("up", ports.free_offset(usual))
        return Check("ports", fine=False, text=str(busy), mend=mend)
    return Check("ports", fine=True, text=f"{', '.join(str(port + offset) for port in usual)} are free")


def _console() -> Check:
    encoding = sys.stdout.encoding or "unknown"
    try:
        "\u2588\u2514\u2717".encode(encoding)
    except (LookupError, UnicodeEncodeError):
        mend = mends.exported("PYTHONUTF8", "1")
        text = f"{encoding}: waterfalls are drawn in ASCII."
        return note("console", text, mend)
    return Check("console", fine=True, text=encoding)


def _browser() -> Check:
    try:
        return Check("browser", fine=True, text=webbrowser.get().name)
    except webbrowser.Error:
        mend = mends.by_system(
            linux="sudo apt install firefox-esr || sudo apt install firefox",
            macos="brew install --cask firefox",
            windows="winget install Mozilla.Firefox",
        )
        text = "none found: `tracelab show` draws traces in the terminal, and the pages wait for one."
        return note("browser", text, mend)


def _proxy() -> Check:
    proxies = urllib.request.getproxies()
    proxy = proxies.get("http") or proxies.get("all")
    if not proxy:
        return Check("proxy", fine=True, text="none")
    if urllib.request.proxy_bypass("127.0.0.1"):
        return Check("proxy", fine=True, text=f"{proxy}, but not for 127.0.0.1")
    known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    hosts = ",".join(filter(None, [known, "127.0.0.1", "localhost"]))
    text = f"{proxy} would take requests to 127.0.0.1: tracelab passes it by, but curl and browsers do not."
    # Both spellings: a lower-case variable wins where there are two.
    name = "no_proxy" if os.environ.get("no_proxy") else "NO_PROXY"
    return note("proxy", text, mends.exported(name, hosts))
