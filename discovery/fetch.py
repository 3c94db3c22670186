"""Fetches what a backend answers.

A proxy in the environment is ignored: backends of a laptop or a compose network are never behind one.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import Any

from discovery import document
from discovery.errors import Malformed, NotFound, Unreachable

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_PATIENCE = 30.0  # seconds for one answer: a thousand traces take a busy backend a while


def values(url: str) -> list[Any]:
    """Return the JSON values that an address answers with, one after the other; Malformed where it is no JSON."""
    try:
        return document.values(content(url))
    except Malformed as error:
        raise Malformed(f"{url} answered with something other than JSON.") from error


def value(url: str) -> Any:
    """Return the one JSON value that an address answers with; Malformed where it is none."""
    found = values(url)
    if len(found) != 1:
        raise Malformed(f"{url} answered with something other than JSON.")
    return found[0]


def content(url: str) -> bytes:
    """Return what an address answers; NotFound or Unreachable say what went wrong."""
    try:
        return get(url, _PATIENCE)
    except urllib.error.HTTPError as error:
        if error.code in (400, 404):  # what was never a trace id of theirs is not found either
            raise NotFound(f"{url} answered {error.code}.") from error
        raise Unreachable(f"{url} answered {error.code}; see the backend's log.") from error
    except OSError as error:
        raise Unreachable(f"{url} cannot be read: {reason(error)}.") from error


def get(url: str, timeout: float) -> bytes:
    """Return what an address answers; HTTPError for a refusal, OSError for all that is not HTTP."""
    try:
        with _OPENER.open(url, timeout=timeout) as response:
            body: bytes = response.read()
            return body
    except http.client.HTTPException as error:
        raise OSError(f"what answers does not speak HTTP ({type(error).__name__})") from error


def reason(error: OSError) -> str:
    """Say in a few small words why something cannot be read."""
    cause = getattr(error, "reason", error)
    return str(getattr(cause, "strerror", None) or cause).lower()
