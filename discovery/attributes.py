"""What tags and attributes say about a span, in whatever words a sender or backend uses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

from discovery.trace import Event, Kind, Value

_KINDS = {str(kind): kind for kind in Kind}
_STATUS = ("http.response.status_code", "http.status_code")  # today's convention, and the one before
STATEMENT = ("db.query.text", "db.statement")
_URL = ("url.full", "http.url", "url.path", "http.target")
_MOST_INSIDE = 100  # objects and lists in a text that is taken apart


def value(raw: Any) -> Value:
    """Make a value of anything JSON can hold; null becomes an empty text, as OTLP reads a value that is not set."""
    if isinstance(raw, list):
        return [value(each) for each in raw]
    if isinstance(raw, dict):
        return {str(key): value(each) for key, each in raw.items()}
    return "" if raw is None else raw


def text(found: Value) -> str:
    """Spell a value for a person, and for Zipkin's tags, which are texts: what is no text becomes its JSON."""
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def kind(name: Any) -> Kind:
    """Read a kind however it is spelled; what is absent or unknown is internal."""
    return _kind(name if type(name) is str else str(name))


@lru_cache(64)
def _kind(name: str) -> Kind:
    return _KINDS.get(name.lower().removeprefix("span_kind_"), Kind.INTERNAL)


def is_error(tags: Mapping[str, Value]) -> bool:
    """Tell by its tags whether a span failed.

    Zipkin's rule: the presence of `error` says so, be it empty; only "false" takes that back. Beside it, the status of
    OpenTelemetry where a backend keeps it as a tag.
    """
    if "otel.status_code" in tags and str(tags["otel.status_code"]).upper() == "ERROR":
        return True
    return "error" in tags and str(tags["error"]).lower() != "false"


def error_message(tags: Mapping[str, Value]) -> str:
    """Return what a failed span says about itself, or nothing."""
    described = tags.get("otel.status_description") or tags.get("error")
    if described is None:
        return ""
    return "" if str(described).lower() in ("true", "false") else str(described)


def http_status(tags: Mapping[str, Value]) -> int:
    """Return the HTTP status that a span tells of, be it as a text; 0 where it tells none."""
    said: Any = next((tags[name] for name in _STATUS if name in tags), 0)
    try:
        return int(said)
    except (TypeError, ValueError, OverflowError):
        return 0


def statement(tags: Mapping[str, Value]) -> str:
    """Return the database statement that a span tells of; empty where it tells none."""
    return next((str(tags[name]) for name in STATEMENT if tags.get(name)), "")


def url(tags: Mapping[str, Value]) -> SplitResult:
    """Return the address that a span tells of, whole or its path alone; empty where it tells none."""
    said = next((str(tags[name]) for name in _URL if name in tags), "")
    try:
        return urlsplit(said)
    except ValueError:  # what should be an address is none
        return SplitResult("", "", said, "", "")


def event(time: int, name: str, attributes: Mapping[str, Value] | None = None) -> Event:
    """Make an event; OpenTelemetry's way through Zipkin's annotations, `{"name": {attributes}}`, is taken apart."""
    if name.startswith("{") and not attributes:
        inside = _inside(name)
        if isinstance(inside, dict) and len(inside) == 1:
            [(inner, fields)] = inside.items()
            if isinstance(fields, dict):
                return Event(time, inner, {str(key): value(raw) for key, raw in fields.items()})
    return Event(time, name, attributes or {})


def _inside(text: str) -> Any:
    """Read JSON that stands in a text; None where it is none, or would hurt who writes it again.

    That is nesting without end, and half a character, which UTF-8 cannot spell.
    """
    if text.count("{") + text.count("[") > _MOST_INSIDE:
        return None
    try:
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False).encode()
    except ValueError:
        return None
    return found
