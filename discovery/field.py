"""Takes fields out of untrusted JSON; what is wrong is a Malformed with its place in the document."""

from __future__ import annotations

from typing import Any

from discovery.errors import Malformed

_MOST = 2**63


def an_object(raw: Any, place: str) -> dict[str, Any]:
    """Return an object."""
    if not isinstance(raw, dict):
        raise Malformed(f"{place} is {_named(raw)}; expected an object.")
    return raw


def a_list(raw: Any, place: str) -> list[Any]:
    """Return a list; absent is empty."""
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise Malformed(f"{place} is {_named(raw)}; expected a list.")
    return raw


def text(raw: dict[str, Any], name: str, place: str) -> str:
    """Return a text; absent is empty."""
    found = raw.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise Malformed(f"{place}.{name} is {_named(found)}; expected a text.")
    return found


def an_id(raw: dict[str, Any], name: str, place: str) -> str:
    """Return an id that has to be there."""
    found = text(raw, name, place)
    if not found:
        raise Malformed(f"{place} has no {name}; every span needs one.")
    return found


def whole(raw: dict[str, Any], name: str, place: str) -> int:
    """Return a count or a time, 0 or more; a number's text, as OTLP has it, will do; absent is 0."""
    found = raw.get(name)
    if found is None:
        return 0
    try:
        number = int(found) if isinstance(found, int | float | str) and not isinstance(found, bool) else -1
    except (ValueError, OverflowError):
        number = -1
    if not 0 <= number < _MOST:
        raise Malformed(f"{place}.{name} is {_named(found)}; expected a whole number, 0 or more.")
    return number


def _named(raw: Any) -> str:
    shown = repr(raw) if isinstance(raw, str | int | float | bool) or raw is None else f"a {type(raw).__name__}"
    return shown if len(shown) <= 40 else shown[:39] + "…"
