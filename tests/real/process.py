"""Starts a real server as a child process on free ports, and ends it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_ports(number: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody listens on now."""
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextmanager
def running(
    command: Sequence[str],
    folder: Path,
    ready: Callable[[], bool],
    *,
    seconds: float,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends; its output goes to `folder`/log. RuntimeError where it never gets ready."""
    log = folder / "log"
    with log.open("wb") as output:
        child = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env={**os.environ, **(environment or {})}
        )
    try:
        wait_until(ready, seconds, lambda: child.poll() is None, lambda: log.read_text("utf-8", "replace")[-2000:])
        yield child
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_until(
    ready: Callable[[], bool],
    seconds: float,
    alive: Callable[[], bool] = lambda: True,
    said: Callable[[], str] = lambda: "",
) -> None:
    """Wait for a server; RuntimeError with what it said where it died or took longer."""
    give_up = time.monotonic() + seconds
    while not ready():
        if not alive() or time.monotonic() > give_up:
            raise RuntimeError(f"the server did not get ready within {seconds} s; its last words: {said()}")
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Tell whether a GET of this address succeeds now."""
    try:
        with _OPENER.open(url, timeout=2) as response:
            return bool(response.status < 400)
    except OSError:
        return False


def docker_engine() -> str | None:
    """Return the path of `docker` where its engine runs, else None."""
    program = shutil.which("docker")
    if program is None:
        return None
    try:
        done = subprocess.run([program, "info"], capture_output=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return None
    return program if done.returncode == 0 else None


@contextmanager
def container(docker: str, image: str, ports: Sequence[int], options: Sequence[str] = ()) -> Iterator[list[int]]:
    """Run an image until the block ends; gives the ports of 127.0.0.1 that lead to its own."""
    published = [part for port in ports for part in ("-p", f"127.0.0.1::{port}")]
    started = subprocess.run(
        [docker, "run", "-d", "--rm", *published, *options, image], capture_output=True, text=True, check=True
    )
    name = started.stdout.strip()
    try:
        yield [_published(docker, name, port) for port in ports]
    finally:
        subprocess.run([docker, "rm", "-f", name], capture_output=True, check=False)


def _published(docker: str, name: str, port: int) -> int:
    asked = subprocess.run([docker, "port", name, str(port)], capture_output=True, text=True, check=True)
    return int(asked.stdout.split()[0].rpartition(":")[2])
