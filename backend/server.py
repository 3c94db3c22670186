"""The built-in backend's server: uvicorn, told to end what would never end by itself."""

from __future__ import annotations

import socket
import threading

import uvicorn


class Server(uvicorn.Server):
    """Sets `ending` before it waits for open answers: a live tail goes on for as long as its client listens."""

    def __init__(self, config: uvicorn.Config, ending: threading.Event) -> None:
        super().__init__(config)
        self.ending = ending

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, and wait for those under way."""
        self.ending.set()
        await super().shutdown(sockets)
