"""The long wire: later, but nothing else."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab import jobs
from lab.children import Child
from lab.plan import Process
from tests.real.process import free_ports, wait_until

Serve = Callable[[socket.socket], None]
Wire = Callable[[int, float], int]


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    """Lay a long wire to a port, `wire(to, seconds)`, and give its own; all end in order, and have nothing to say."""
    laid: list[Child] = []

    def lay(to: int, seconds: float) -> int:
        [port] = free_ports(1)
        process = Process("wire", 0, jobs.wire, (port, to, seconds), (port,), "", dict(os.environ))
        laid.append(Child(process, tmp_path / f"{port}.jsonl"))
        wait_until(lambda: _listens(port), 20)
        return port

    yield lay
    for child in laid:
        child.end()
        assert child.wait(10)
        assert (child.exit_code, child.log.read_text("utf-8")) == (0, "")


@contextmanager
def server(serve: Serve) -> Iterator[int]:
    """A server that treats each connection on a thread of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener, ThreadPoolExecutor(128) as pool:

        def one(connection: socket.socket) -> None:
            with connection:
                serve(connection)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                pool.submit(one, connection)

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def echo(connection: socket.socket) -> None:
    """Give everything back until the other side has ended, then end."""
    while chunk := connection.recv(65536):
        connection.sendall(chunk)


def connected(port: int) -> socket.socket:
    """A connection to a port of this machine."""
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def test_a_request_and_its_answer_take_the_delay(wire: Wire) -> None:
    """Half of it on the way there, half on the way back; each exchange on one connection pays again."""
    arrived: list[float] = []

    def noting(connection: socket.socket) -> None:
        while chunk := connection.recv(65536):
            arrived.append(time.monotonic())
            connection.sendall(chunk)

    with server(noting) as port, connected(wire(port, 0.2)) as connection:
        for number in range(3):
            began = time.monotonic()
            connection.sendall(b"?")
            assert connection.recv(1) == b"?"
            assert arrived[number] - began >= 0.099
            assert time.monotonic() - began >= 0.199


def test_bytes_stay_whole_and_in_order_and_the_wire_is_as_wide_as_ever(wire: Wire) -> None:
    """32 MB come back as they went, in far less time than if each piece had waited for the one before."""
    sent = bytes(range(256)) * 125_000
    with server(echo) as port, connected(wire(port, 0.2)) as connection, ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        sending = pool.submit(connection.sendall, sent)
        back = bytearray()
        while len(back) < len(sent):
            back += connection.recv(1 << 20)
        sending.result()
        took = time.monotonic() - began
    assert back == sent
    assert took < len(sent) / 65536 * 0.1 / 2


def test_the_end_of_one_sides_sending_travels_as_well(wire: Wire) -> None:
    """A server that answers when all has come hears of the end, and its answer still arrives."""

    def count(connection: socket.socket) -> None:
        number = 0
        while chunk := connection.recv(65536):
            number += len(chunk)
        connection.sendall(str(number).encode())

    with server(count) as port, connected(wire(port, 0.1)) as connection:
        connection.sendall(b"x" * 100_000)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b"100000"
        assert connection.recv(100) == b""


def test_many_connections_do_not_mix(wire: Wire) -> None:
    """A hundred at once each get their own bytes back, side by side."""

    def one(number: int) -> bytes:
        with connected(far) as connection:
            text = f"connection {number}".encode()
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(4096), b"")).removeprefix(text) or text[11:]

    with server(echo) as port, ThreadPoolExecutor(100) as pool:
        far = wire(port, 0.2)
        began = time.monotonic()
        assert list(pool.map(one, range(100))) == [str(number).encode() for number in range(100)]
        assert time.monotonic() - began < 100 * 0.2 / 2


def test_what_breaks_on_one_side_breaks_on_the_other(wire: Wire) -> None:
    """A server that breaks off, or that is not there, ends the caller's connection."""

    def break_off(connection: socket.socket) -> None:
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close() resets

    with server(break_off) as port, connected(wire(port, 0.05)) as connection:
        connection.sendall(b"?")
        assert _ended(connection)
    with connected(wire(free_ports(1)[0], 0.05)) as connection:
        assert _ended(connection)


def _ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def _listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("seconds", [0.0, 0.01])
def test_a_short_wire(wire: Wire, seconds: float) -> None:
    """Without a delay worth the name it is still a wire."""
    with server(echo) as port, connected(wire(port, seconds)) as connection:
        connection.sendall(b"abc")
        assert connection.recv(3) == b"abc"
