"""What came back, and what it counts as."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass

import aiohttp
from aiohttp.http import HttpProcessingError

# The first that fits; the last is for whatever else keeps a connection from being made.
_CLASSES = (
    (TimeoutError, "timeout"),
    (socket.gaierror, "unknown_host"),
    (ssl.SSLError, "tls_failed"),
    ((aiohttp.ClientPayloadError, HttpProcessingError), "bad_answer"),
    (ConnectionRefusedError, "connection_refused"),
    ((aiohttp.ClientConnectionError, ConnectionError), "connection_lost"),
    (OSError, "connection_refused"),
)

EXPECTED = frozenset({402, 404, 409})  # business said no, as business does; nothing is broken


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, where one came, and an error class, where the request failed."""

    status: int | None
    error: str | None = None


def of_status(status: int) -> Answer:
    """Judge an answer by its status: good, expected, or an error named after it."""
    good = 200 <= status < 300 or status in EXPECTED
    return Answer(status, None if good else str(status))


def error_class(error: BaseException) -> str:
    """Name a failure without a status: few names, whatever the message says."""
    return next((name for kinds, name in _CLASSES if isinstance(error, kinds)), type(error).__name__)
