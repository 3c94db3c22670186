"""The whole shop as one context manager: `with Shop(options) as shop:` starts every process, and stops it in order."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from multiprocessing.connection import wait
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from lab import children, databases, jobs, logs, overlay, plan, ports, saved, state, tracing
from lab.children import GRACE, Child
from lab.options import SERVICES, Options, WrongUse
from lab.plan import Process

_POLL = 0.02  # seconds between two questions whether a process is ready
_READY_WITHIN = 60.0
_QUICK = 10.0  # seconds: who dies sooner has not recovered
_MOST_QUICK_DEATHS = 5
_LAST_LINES = 4  # of a log: a traceback's file and line, the place in it, and what was wrong
_OK = b"HTTP/1.1 200"
_SENDING = ("OTEL_EXPORTER_", "OTEL_TRACES_EXPORTER", "OTEL_PROPAGATORS")  # what a client must do as the services do


class NotReady(Exception):
    """A process ended, or never answered, while the shop started."""

    exit_code = 1


class Shop:
    """A running shop. `tell` gets one line per event of note; it may be called from another thread."""

    def __init__(self, options: Options, tell: Callable[[str], None] = lambda _: None) -> None:
        self.options = options
        self.tell = tell
        self.ready_seconds = 0.0
        self._children: dict[str, Child] = {}
        self._quick_deaths: dict[str, int] = {}
        self._stopping = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._around = ExitStack()

    def __enter__(self) -> Self:
        """Start everything; returns when every process serves."""
        began = time.monotonic()
        self._around.enter_context(state.held(self.options.state))
        try:
            self._start()
            self.ready_seconds = time.monotonic() - began
            self._supervisor.start()
            state.announce(self.options.state, self.environment)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything: callers first, the tracing backend last, so that no span is lost."""
        self._stop()

    @property
    def url(self) -> str:
        """The gateway's address."""
        return plan.url("gateway", self.options.port_offset)

    @property
    def urls(self) -> dict[str, str]:
        """Every service's first address."""
        own = [name for name in (*SERVICES, "issuer") if name in self._children]
        return {name: plan.url(name, self.options.port_offset) for name in own}

    @property
    def environment(self) -> Mapping[str, str]:
        """In which every other command finds this shop."""
        found = {
            "TRACELAB_TARGET": self.url,
            "TRACELAB_BACKEND": self.tracing.query,
            "TRACELAB_TRACE_URL": self.tracing.page,
        }
        chosen = {**os.environ, **self.options.environment}
        own = {name: value for name, value in chosen.items() if name.startswith(_SENDING)}
        return {**self.tracing.exporting, **own, **plan.addresses(self.options), **found}

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name: gateway, order, payment, payment-2, inventory, issuer, backend."""
        return {process.name: self._children[process.name].pid for process in self.processes}

    @property
    def _traces(self) -> Path:
        return self.options.traces or state.data(self.options.state)

    def page(self, trace_id: str) -> str:
        """The link to a trace, for people."""
        return self.tracing.page.replace("{trace_id}", trace_id)

    def kill(self, name: str) -> None:
        """Do what kill -9 does to one process; it is started again."""
        self._children[name].kill()

    def wait_ready(self, *names: str, within: float = _READY_WITHIN) -> None:
        """Wait until the named processes (all, if none is named) answer."""
        wanted = [process for process in self.processes if not names or process.name in names]
        give_up = time.monotonic() + within
        while wanted := [process for process in wanted if not answers(process.ready)]:
            if time.monotonic() > give_up:
                late = ", ".join(process.name for process in wanted)
                raise NotReady(f"Not ready after {within:.0f} s: {late}; see {state.logs(self.options.state)}.")
            self._raise_for_the_dead()
            time.sleep(_POLL)

    def wait(self) -> None:
        """Stay until interrupted."""
        while not self._stopping.wait(1.0):
            pass

    def _start(self) -> None:
        children.warm_up()
        options = self.options
        self._served = self._copy()
        self.tracing = tracing.choose(options.backend, options.port_offset, self._traces)
        self.processes = plan.shop(options, self.tracing, os.environ)
        ports.check([port for process in self.processes for port in process.ports], options.port_offset)
        for folder in (state.logs(options.state), state.data(options.state), self._traces):
            folder.mkdir(parents=True, exist_ok=True)
        if options.database:
            databases.create(options.database, SERVICES[1:])
        for old in state.logs(options.state).glob("*.jsonl"):
            old.unlink()
        for process in reversed(self.processes):
            self._children[process.name] = self._spawn(process)
        self.wait_ready()

    def _spawn(self, process: Process) -> Child:
        return Child(process, state.logs(self.options.state) / f"{process.name}.jsonl")

    def _raise_for_the_dead(self) -> None:
        """Report a death while nobody restarts anything yet."""
        if self._supervisor.is_alive():
            return
        for child in self._children.values():
            if child.exit_code is not None:
                raise NotReady(_obituary(child))

    def _supervise(self) -> None:
        """Name each process that dies, and start it again."""
        watched = dict(self._children)
        before = self._served
        while (watched or before) and not self._stopping.is_set():
            if (now := self._copy()) != before:
                before = now
                watched |= self._reloaded()
            dead = wait([child.sentinel for child in watched.values()], timeout=0.2)
            for name, child in list(watched.items()):
                if child.sentinel in dead and not self._stopping.is_set():
                    again = self._restarted(child)
                    del watched[name]
                    if again:
                        self._children[name] = watched[name] = again

    def _copy(self) -> saved.Stamp:
        """The learner's copy as it is now, where there is one."""
        return saved.stamp(self.options.overlay) if self.options.overlay else {}

    def _reloaded(self) -> dict[str, Child]:
        """Start every service again with what was saved, unless that cannot be read."""
        try:
            overlay.checked(self.options.overlay or Path())
            planned = plan.shop(self.options, self.tracing, os.environ)
        except WrongUse as wrong:
            self.tell(f"{wrong}\n  what was saved before stays up")
            return {}
        own = [process for process in planned if process.job is jobs.serve and process.name != "issuer"]
        self.tell("what you saved is served from now on: starting the services again")
        self._end([self._children[process.name] for process in own if process.name in self._children])
        self.processes = planned
        for process in own:
            self._quick_deaths.pop(process.name, None)
            self._children[process.name] = self._spawn(process)
        return {process.name: self._children[process.name] for process in own}

    def _restarted(self, child: Child) -> Child | None:
        """Start a process again after a pause that grows with each quick death; None when it is given up."""
        name = child.process.name
        child.wait(1.0)
        quick = time.monotonic() - child.started < _QUICK
        deaths = self._quick_deaths[name] = self._quick_deaths.get(name, 0) + 1 if quick else 1
        if deaths > _MOST_QUICK_DEATHS:
            self.tell(f"{_obituary(child)}\n  {name} died {deaths} times in a row: given up; the rest stays up")
            return None
        pause = 0.1 * 2 ** (deaths - 1)
        self.tell(f"{_obituary(child)}\n  starting {name} again in {pause:.1f} s")
        if self._stopping.wait(pause):
            return None
        return self._spawn(child.process)

    def _stop(self) -> None:
        self._stopping.set()
        if self._supervisor.is_alive():
            self._supervisor.join()
        try:
            for stage in sorted({child.process.stage for child in self._children.values()}):
                self._end([child for child in self._children.values() if child.process.stage == stage])
        except KeyboardInterrupt:  # a second Ctrl-C
            self.tell("killing what is left")
        finally:
            for child in self._children.values():
                child.kill()
                child.wait(2.0)
            self._around.close()

    def _end(self, stage: list[Child]) -> None:
        for child in stage:
            child.end()
        give_up = time.monotonic() + GRACE
        for child in stage:
            if not child.wait(give_up - time.monotonic()):
                self.tell(f"{child.process.name} did not end within {GRACE:.0f} s: killed")
                child.kill()


def _obituary(child: Child) -> str:
    """Say who died of what, with its last words."""
    code = child.exit_code
    cause = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    last = "".join(f"\n  | {line}" for line in logs.tail(child.log, _LAST_LINES))
    return f"{child.process.name} died ({cause}); the end of {child.log}:{last or ' nothing'}"


def answers(url: str) -> bool:
    """Ask once, past any proxy; by hand, since the standard library's client would double the launcher's memory."""
    address = urlsplit(url)
    request = f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((address.hostname or "", address.port or 80), timeout=2.0) as connection:
            if address.scheme == "tcp":
                return True
            connection.sendall(request.encode("ascii"))
            return connection.recv(len(_OK)) == _OK
    except OSError:
        return False
