"""Tells a room's board how a round goes: a name and a score, and nothing else; the round goes on without it as well."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

from lab.options import WrongUse

_TIMEOUT = 3.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Absent(Exception):
    """The board cannot be reached."""


def playing(board: str, code: str) -> tuple[int, int]:
    """Ask for seed and level of the round that the room plays; WrongUse where the code is wrong."""
    found = _ask(f"{board.rstrip('/')}/round?code={quote(code)}", None)
    return int(found["seed"]), int(found["level"])


def report(board: str, score: dict[str, object]) -> str:
    """Send a score, and return the name under which the board shows it."""
    return str(_ask(f"{board.rstrip('/')}/scores", json.dumps(score).encode("utf-8"))["name"])


def _ask(url: str, content: bytes | None) -> dict[str, Any]:
    if not url.startswith(("http://", "https://")):
        raise WrongUse(
            f"--board {url.rpartition('/')[0]}: expected the address on the facilitator's screen, http://..."
        )
    try:
        with _DIRECT.open(urllib.request.Request(url, content), timeout=_TIMEOUT) as answer:  # noqa: S310 - checked above
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        raise WrongUse(f"The board says: {error.read().decode('utf-8', 'replace').strip()[:200]}") from None
    except (OSError, ValueError, KeyError) as error:
        raise Absent(str(error)) from error
