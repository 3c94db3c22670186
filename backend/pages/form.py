"""The search's form: what was typed, what is wrong with it, and the search it asks for."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from backend.criteria import Criteria
from backend.pages import times
from backend.pages.conditions import Unreadable, conditions

Typed = Mapping[str, str]  # every field of the form by its name

DEFAULTS = {
    "service": "",
    "operation": "",
    "remote": "",
    "tags": "",
    "min": "",
    "max": "",
    "lookback": "1h",
    "since": "",
    "until": "",
    "limit": "50",
    "errors": "",
    "sort": "latest",
    "scale": "log",
}
SORTS = {"latest": "latest", "longest": "longest", "spans": "most spans", "errors": "most errors"}
MOST = 1000
_DURATION = re.compile(
    r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*(us|µs|μs|ms|s|m|min|h)", re.ASCII
)  # both of Unicode's micros
_UNITS = {
    "us": 1,
    "µs": 1,
    "μs": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
}


@dataclass(frozen=True, slots=True)
class Form:
    """`typed` has every field; `mistakes` a sentence for each that cannot be read; without any there is a search."""

    typed: Mapping[str, str]
    mistakes: Mapping[str, str]
    criteria: Criteria | None


class _Wrong(Exception):
    """A field cannot be read; the text is the sentence beside it."""


def read(query: Mapping[str, str]) -> Form:
    """Read the address's query; a field that it does not have has its default."""
    typed = {name: query.get(name, default).strip() for name, default in DEFAULTS.items()}
    mistakes: dict[str, str] = {}
    asked: dict[str, Any] = {"service": typed["service"], "name": typed["operation"], "remote": typed["remote"]}
    asked["errors"] = bool(typed["errors"])
    for name, part in _PARTS.items():
        try:
            asked |= part(typed)
        except _Wrong as wrong:
            mistakes[name] = str(wrong)
    for name, known in (("sort", SORTS), ("scale", ("log", "linear"))):
        if typed[name] not in known:
            typed[name] = DEFAULTS[name]  # only a link that was changed by hand has another
    return Form(typed, mistakes, None if mistakes else Criteria(**asked))


def address(typed: Mapping[str, str], **changed: str) -> str:
    """Make the link of a search with some fields changed; fields that have their default are left out."""
    fields = {name: value for name, value in {**typed, **changed}.items() if value != DEFAULTS[name]}
    return f"/?{urlencode(fields)}" if fields else "/"


def _tags(typed: Mapping[str, str]) -> dict[str, Any]:
    try:
        return {"tags": conditions(typed["tags"])}
    except Unreadable as error:
        raise _Wrong(str(error)) from error


def _least(typed: Mapping[str, str]) -> dict[str, Any]:
    return {"least": _duration(typed["min"])}


def _most(typed: Mapping[str, str]) -> dict[str, Any]:
    most = _duration(typed["max"])
    try:
        least = _duration(typed["min"])
    except _Wrong:
        least = None
    if least is not None and most is not None and most < least:
        raise _Wrong("The longest duration is below the shortest.")
    return {"most": most}


def _duration(text: str) -> int | None:
    if not text:
        return None
    match = _DURATION.fullmatch(text.lower().replace("μ", "µ"))  # Unicode has two letters for micro
    if not match:
        raise _Wrong("Expected a number and its unit (us, ms, s, m), such as 100ms or 1.5s.")
    return round(float(match[1]) * _UNITS[match[2]])


def _limit(typed: Mapping[str, str]) -> dict[str, Any]:
    text = typed["limit"]
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= MOST):
        raise _Wrong(f"Expected a whole number from 1 to {MOST}.")
    return {"limit": int(text)}


def _window(typed: Mapping[str, str]) -> dict[str, Any]:
    name = typed["lookback"]
    if name in times.LOOKBACKS:
        until = times.LOOKBACKS[name] if name == times.ALL else time.time_ns() // 1000
        return {"until": until, "lookback": times.LOOKBACKS[name]}
    if name != times.CUSTOM:
        raise _Wrong(f"Expected one of {', '.join(times.WORDS)}.")
    since, until = (_moment(typed[field]) for field in ("since", "until"))
    if since > until:
        raise _Wrong("The range begins after its end.")
    return {"until": until, "lookback": until - since}


def _moment(text: str) -> int:
    if not text:
        raise _Wrong("A custom range needs both its ends.")
    found = times.parsed(text)
    if found is None:
        raise _Wrong("Expected a date and a time, such as 2026-11-23T14:05:07.")
    return found


_PARTS = {"tags": _tags, "min": _least, "max": _most, "limit": _limit, "lookback": _window}
