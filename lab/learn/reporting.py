"""Tells a room's board how a round goes: a name and a score, and nothing else; the round goes on without it as well."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import TypeVar
from urllib.parse import quote

import msgspec

from lab.learn.seat import Playing
from lab.options import WrongUse

_TIMEOUT = 3.0
_LARGEST = 4_096  # bytes that a board answers
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_Answer = TypeVar("_Answer")


class Absent(Exception):
    """No board can be reached there."""


class Refused(WrongUse):
    """The board says no, and why."""


class Shown(msgspec.Struct, frozen=True):
    """What the board answers to a score: the name under which it is shown."""

    name: str


def playing(board: str, code: str) -> Playing:
    """Ask for the round that the room plays; Refused where the code is wrong, Absent where no board answers."""
    return _ask(f"{board}/round?code={quote(code)}", None, Playing)


def report(board: str, score: dict[str, object]) -> str:
    """Send a score, and return the name under which the board shows it; Refused and Absent as above."""
    return _printable(_ask(f"{board}/scores", msgspec.json.encode(score), Shown).name)


def _ask(url: str, content: bytes | None, kind: type[_Answer]) -> _Answer:
    try:
        with _DIRECT.open(urllib.request.Request(url, content), timeout=_TIMEOUT) as answer:  # noqa: S310 - Seat's is http
            return msgspec.json.decode(answer.read(_LARGEST), type=kind)
    except urllib.error.HTTPError as error:
        raise _refusal(error) from None
    except urllib.error.URLError as error:
        raise Absent(_printable(str(error.reason))) from None
    except msgspec.MsgspecError:
        raise Absent("something else answers there") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Absent(_printable(str(error)) or type(error).__name__) from None


def _refusal(error: urllib.error.HTTPError) -> Exception:
    """Tell a board, which refuses in a sentence, from another server and from a board that fails."""
    with error:
        if error.code >= 500 or error.headers.get_content_type() != "text/plain":
            return Absent(f"HTTP status {error.code}")
        try:
            return Refused(_printable(error.read(_LARGEST).decode("utf-8", "replace")))
        except (OSError, http.client.HTTPException) as broken:
            return Absent(_printable(str(broken)))


def _printable(text: str) -> str:
    """Keep what a stranger's server says off the terminal's controls, and short."""
    return "".join(each if each.isprintable() else " " for each in text).strip()[:200]
