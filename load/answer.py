"""What came back, and what it counts as."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp

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
    match error:
        case TimeoutError():
            return "timeout"
        case aiohttp.ClientConnectorDNSError():
            return "unknown_host"
        case aiohttp.ClientConnectorError() | ConnectionRefusedError():
            return "connection_refused"
        case aiohttp.ClientConnectionError() | ConnectionError():
            return "connection_lost"
        case aiohttp.ClientPayloadError() | aiohttp.ClientResponseError():
            return "bad_answer"
        case _:
            return type(error).__name__
