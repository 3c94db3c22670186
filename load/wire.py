"""HTTP/1.1 to one address, by aiohttp's connection handler and C parser without the client session around them.

A session costs as much processor time again (docs/load.md), and what it adds is unwanted here: redirects, cookies,
proxies, and retries, which would hide what happened and send a request twice.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp.client_proto import ResponseHandler

_IDLE = 2.0  # seconds; servers close what idles for longer (uvicorn after 5), perhaps just when a request is sent

_Connection = tuple[asyncio.Transport, ResponseHandler]


class Wire:
    """Connections to one address, such as `http://127.0.0.1:8080`; the one used last is used first."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._name = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._found: str | None = None  # the numeric address behind the name
        self._path = parts.path
        self._always = f"HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: tracelab-load\r\nAccept: */*\r\n"
        self._idle: list[tuple[asyncio.Transport, ResponseHandler, float]] = []
        self._clock = asyncio.get_running_loop().time

    async def exchange(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, bytes]:
        """Send a request, and give the status and body of its answer.

        Headers and path go out as they are. Raises OSError, aiohttp.ClientError or HttpProcessingError.
        """
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        if body:
            lines += f"Content-Length: {len(body)}\r\n"
        transport, handler = self._reused() or await self._connected()
        try:
            transport.write(f"{method} {self._path}{path} {self._always}{lines}\r\n".encode() + body)
            answer, payload = await handler.read()
            while answer.code < 200:  # early hints and the like come before the answer
                answer, payload = await handler.read()
            content = await payload.read()
        except BaseException:
            handler.abort()
            raise
        if handler.should_close:
            handler.close()
        else:
            self._idle.append((transport, handler, self._clock()))
        return answer.code, content

    def close(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            self._idle.pop()[1].close()

    def _reused(self) -> _Connection | None:
        while self._idle:
            transport, handler, since = self._idle.pop()
            if handler.is_connected() and not handler.should_close and self._clock() - since < _IDLE:
                return transport, handler
            handler.close()
        return None

    async def _connected(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            transport, handler = await loop.create_connection(
                lambda: ResponseHandler(loop),
                self._found or self._name,
                self._port,
                ssl=self._tls,
                server_hostname=self._name if self._tls else None,
            )
        except OSError:
            self._found = None  # the name may lead elsewhere by now
            raise
        self._found = transport.get_extra_info("peername")[0]
        handler.set_response_params(read_until_eof=True)
        return transport, handler
