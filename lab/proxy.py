"""A TCP proxy that is a longer wire: what goes through arrives later, in order, and at full speed.

Half of the delay lies on the way there and half on the way back, so that a request and its answer take the whole.
Connections are made at once; an end of one side's sending (half-close) travels like its bytes.
"""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio import Queue, StreamReader, StreamWriter
from types import FrameType

_CHUNK = 64 * 1024
_MOST_CHUNKS = 1024  # under way in one direction: 64 MiB, more than any answer here

_Wire = Queue[tuple[float, bytes]]  # when due, and what


def run(port: int, to: int, seconds: float) -> None:
    """Pass on what comes to a port of this machine to another of its ports, until SIGTERM."""
    signal.signal(signal.SIGTERM, _end)
    asyncio.run(_serve(port, to, seconds))


async def _serve(port: int, to: int, seconds: float) -> None:
    """The same for good; `seconds` are those of both ways together."""

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", to)
        except OSError:
            writer.transport.abort()
            return
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_carry(reader, far_writer, seconds / 2))
                both.create_task(_carry(far_reader, writer, seconds / 2))
        except* OSError:  # one side broke off, so does the other
            writer.transport.abort()
            far_writer.transport.abort()
        finally:
            writer.close()
            far_writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


async def _carry(source: StreamReader, target: StreamWriter, seconds: float) -> None:
    wire: _Wire = Queue(_MOST_CHUNKS)
    async with asyncio.TaskGroup() as ends:
        ends.create_task(_put_in(source, wire, seconds))
        ends.create_task(_take_out(wire, target))


async def _put_in(source: StreamReader, wire: _Wire, seconds: float) -> None:
    while True:
        chunk = await source.read(_CHUNK)
        await wire.put((asyncio.get_running_loop().time() + seconds, chunk))
        if not chunk:
            return


async def _take_out(wire: _Wire, target: StreamWriter) -> None:
    while True:
        due, chunk = await wire.get()
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        if not chunk:
            target.write_eof()
            return
        target.write(chunk)
        await target.drain()


def _end(_: int, __: FrameType | None) -> None:
    os._exit(0)  # callers have ended before: nothing is under way that anybody waits for
