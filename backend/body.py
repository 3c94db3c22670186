"""A request's body: read up to a limit, and inflated up to another, so that no sender can fill the memory."""

from __future__ import annotations

import zlib

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

MOST_SENT = 8 * 1024 * 1024
MOST_INFLATED = 16 * 1024 * 1024  # what is read may take fifty times its bytes
MOST_AT_ONCE = 64 * 1024 * 1024


class Room:
    """How many bytes of bodies are held that are on their way or wait to be read, by all requests together."""

    def __init__(self) -> None:
        self.taken = 0

    def take(self, size: int) -> None:
        """Hold more; HTTPException 503 where that is too much, and it has to be given back all the same."""
        self.taken += size
        if self.taken > MOST_AT_ONCE:
            raise HTTPException(503, "Too many bodies come at once; send this one again.", {"Retry-After": "1"})


async def read(request: Request, room: Room) -> bytes:
    """Return the body, inflated where it is gzip.

    HTTPException 413 where it is too large, 400 where broken, 415 for other encodings, 503 where too many come at once.
    """
    held = 0
    content = bytearray()
    try:
        async for chunk in request.stream():
            content += chunk
            held += len(chunk)
            room.take(len(chunk))
            if len(content) > MOST_SENT:
                raise HTTPException(413, f"The body may hold {MOST_SENT} bytes at most; send smaller batches.")
    except ClientDisconnect as error:
        raise HTTPException(400, "The connection ended before the body did.") from error
    finally:
        room.taken -= held
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "gzip":
        return inflated(bytes(content))
    if encoding not in ("identity", ""):
        raise HTTPException(415, "The body's content-encoding must be gzip or none.")
    return bytes(content)


def inflated(content: bytes) -> bytes:
    """Inflate gzip, which may have several members (RFC 1952, 2.2)."""
    plain = bytearray()
    while content:
        stream = zlib.decompressobj(wbits=31)  # 31: gzip, not bare zlib
        try:
            plain += stream.decompress(content, MOST_INFLATED + 1 - len(plain))
        except zlib.error as error:
            raise HTTPException(400, "The body is not valid gzip.") from error
        if len(plain) > MOST_INFLATED:
            raise HTTPException(413, f"The body may inflate to {MOST_INFLATED} bytes at most; send smaller batches.")
        if not stream.eof:
            raise HTTPException(400, "The body's gzip ends too early.")
        content = stream.unused_data
    return bytes(plain)
