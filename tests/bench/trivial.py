"""The least of a shop: three routes and a span collector, answered by a bare protocol, so that a load tool is measured.

python -P -m tests.bench.trivial PORT
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys

_ORDER = {"id": "order-1", "status": "confirmed", "items": [], "total": 1250, "currency": "USD"}
_PRODUCTS = [{"sku": "tea-pot", "name": "Tea pot", "price": 1250, "currency": "USD", "available": 100_000_000}]


def _answer(status: str, body: object) -> bytes:
    text = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    return head.encode() + text


_ANSWERS = {
    b"POST /o": _answer("201 Created", _ORDER),
    b"GET /or": _answer("200 OK", _ORDER),
    b"GET /pr": _answer("200 OK", _PRODUCTS),
    b"POST /v": _answer("200 OK", {}),
}


class Trivial(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            _, named, after = head.partition(b"content-length:")
            whole = end + 4 + (int(after.split(b"\r\n", 1)[0]) if named else 0)
            if len(self._read) < whole:
                return
            self._transport.write(_ANSWERS[self._read[:7]])  # type: ignore[attr-defined]
            self._read = self._read[whole:]


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Trivial, "127.0.0.1", port, backlog=1000)
    await server.serve_forever()


if __name__ == "__main__":
    gc.disable()
    asyncio.run(_serve(int(sys.argv[1])))
