"""Calls to inventory with nothing but the standard library: "it is only one POST, we need no client for that"."""

import asyncio
import json
import urllib.request

from services.kit.client import Answer


class Plain:
    """Asks one address, on a worker thread."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    async def post(self, path: str, body: object, key: str) -> Answer:
        """POST a JSON body."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, content, headers, method="POST")  # noqa: S310
        return await asyncio.to_thread(self._send, request)

    def _send(self, request: urllib.request.Request) -> Answer:
        with self._direct.open(request, timeout=10) as response:
            return Answer(response.status, json.load(response))

    async def close(self) -> None:
        """There is nothing to close."""
