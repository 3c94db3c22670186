"""Reads evidence as a learner pastes it: a trace id, a span beside it, or a link of Jaeger, Zipkin or our own pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from discovery import ids

_ID = re.compile(r"[0-9a-fA-F]{16}(?:[0-9a-fA-F]{16})?")
_PAGE = re.compile(r"/(?:trace|traces)/([0-9a-fA-F]{16,32})(?:/|$)")
_SPAN = re.compile(r"[0-9a-fA-F]{16}")
_PLACES = ("uiFind", "span", "spanId")  # Jaeger's search in a trace, ours, and what others say


@dataclass(frozen=True, slots=True)
class Pasted:
    """A trace, and a span of it where one was named; ids as this program spells them."""

    trace_id: str
    span_id: str = ""


def read(text: str) -> Pasted | None:
    """Read it; None where it is nothing of the kind."""
    text = text.strip().strip("<>\"'")
    if "://" in text:
        try:
            return _link(text)
        except ValueError:  # urlsplit's, of a host that cannot be one
            return None
    trace_id, _, span_id = re.sub(r"[\s,/:]+", "/", text).partition("/")
    if not _ID.fullmatch(trace_id) or (span_id and not _SPAN.fullmatch(span_id)):
        return None
    return Pasted(ids.normalised(trace_id), span_id.lower())


def _link(text: str) -> Pasted | None:
    address = urlsplit(text)
    page = _PAGE.search(unquote(address.path))
    if page is None:
        return None
    said = {**parse_qs(address.query), **parse_qs(address.fragment)}
    spans = [value for place in _PLACES for value in said.get(place, []) if _SPAN.fullmatch(value)]
    bare = [address.fragment] if _SPAN.fullmatch(address.fragment) else []
    return Pasted(ids.normalised(page[1]), (spans or bare or [""])[0].lower())
