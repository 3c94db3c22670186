"""Spans as Zipkin v2 JSON: checked as they come, and read again from the bytes that were kept.

https://zipkin.io/zipkin-api/#/default/post_spans says what a span is; the server's own reading of it
(zipkin2.internal.V2SpanReader) is followed where that is silent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, Literal
from zlib import crc32

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from backend.batch import MOST_TAKEN, SUGGESTED, TOO_MANY, Batch, Form, Part, Taken, trace_key
from backend.words import Sort, Word, hashed, sieve
from discovery import ids, zipkin
from discovery.errors import Malformed
from discovery.trace import Span

Hexadecimal = Meta(pattern=r"\A0*[1-9a-fA-F][0-9a-fA-F]*\Z", description="hexadecimal, not all zeros")
TraceId = Annotated[str, Meta(max_length=32), Hexadecimal]
SpanId = Annotated[str, Meta(max_length=16), Hexadecimal]
ParentId = Annotated[str, Meta(max_length=16, pattern=r"\A[0-9a-fA-F]+\Z")]  # zeros say that there is none
Port = Annotated[int, Meta(le=65535)]  # below 0 it is none, as with Zipkin
Microseconds = Annotated[int, Meta(ge=0, le=2**62)]  # a start and a duration add up below SQLite's largest


class Endpoint(Struct, rename="camel", gc=False):
    """One side of a call."""

    service_name: str | None = None
    ipv4: str | None = None
    ipv6: str | None = None
    port: Port | None = None


class Annotation(Struct, gc=False):
    """Something that happened at one moment, in microseconds since the epoch."""

    timestamp: Microseconds
    value: str


class ZipkinSpan(Struct, rename="camel", gc=False):
    """A span as Zipkin's JSON has it."""

    trace_id: TraceId
    id: SpanId
    parent_id: ParentId | None = None
    kind: Literal["CLIENT", "SERVER", "PRODUCER", "CONSUMER"] | None = None
    name: str | None = None
    timestamp: Microseconds | None = None
    duration: Microseconds | None = None
    local_endpoint: Endpoint | None = None
    remote_endpoint: Endpoint | None = None
    annotations: list[Annotation] | None = None
    tags: dict[str, str] | None = None
    debug: bool | None = None
    shared: bool | None = None
    binary_annotations: UnsetType = UNSET  # would be a span of Zipkin's v1 form, whose tags are there


class _Identified(Struct, rename="camel", gc=False):
    trace_id: str


_NOWHERE = Endpoint()
_IDS = msgspec.json.Decoder(list[_Identified])
_LIST = msgspec.json.Decoder(list[ZipkinSpan])
_ONE = msgspec.json.Decoder(ZipkinSpan)
_PLACES = msgspec.json.Decoder(list[Raw])
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def take(body: bytes) -> Taken:
    """Check a body and describe its spans; Malformed where it is no JSON list."""
    try:
        found = _LIST.decode(body)
    except _BROKEN:
        return _good_ones(body)
    if len(found) > MOST_TAKEN:
        raise Malformed(TOO_MANY)
    return Taken(_described(body, found))


def _good_ones(body: bytes) -> Taken:
    """Take the good spans of a body that has bad ones."""
    try:
        raws = _PLACES.decode(body)
    except _BROKEN as error:
        raise Malformed(f"The body is not a JSON list of spans in Zipkin's v2 form: {error}.") from error
    if len(raws) > MOST_TAKEN:
        raise Malformed(TOO_MANY)
    good: list[Raw] = []
    found: list[ZipkinSpan] = []
    reasons: list[str] = []
    for number, raw in enumerate(raws):
        try:
            found.append(_ONE.decode(raw))
            good.append(raw)
        except _BROKEN as error:
            reasons.append(_reason(error, number))
    body = b"[" + b",".join(bytes(raw) for raw in good) + b"]"
    return Taken(_described(body, found) if found else None, len(reasons), reasons[0])


def _reason(error: Exception, number: int) -> str:
    said, at, path = str(error).rpartition(" - at `$")
    place = f"[{number}]{path.rstrip('`')}"
    if "matching regex" in said:
        return f"{place} is not hexadecimal, or all zeros; expected an id."
    return f"{place}: {said if at else error}."


def _described(body: bytes, spans: list[ZipkinSpan]) -> Batch | None:
    if not spans:
        return None
    parts: dict[tuple[str, str], Part] = {}
    names: set[tuple[str, str, str]] = set()
    tags: set[tuple[str, str]] = set()
    notes: set[str] = set()
    for span in spans:
        local, remote = span.local_endpoint, span.remote_endpoint
        service = local.service_name or "" if local else ""
        names.add((service, span.name or "", remote.service_name or "" if remote else ""))
        part = parts.get((span.trace_id, service))
        if part is None:
            part = parts[span.trace_id, service] = Part(ids.normalised(span.trace_id), service, 0, 0, 0, False, 0)
        part.spans += 1
        start, duration = span.timestamp, span.duration
        if start:
            if not part.at or start < part.at:
                part.at = start
            if not part.first and not (span.parent_id and span.parent_id.strip("0")):
                part.first = start
        if duration and duration > part.longest:
            part.longest = duration
        if span.tags:
            tags.update(span.tags.items())
            if "error" in span.tags and span.tags["error"] != "false":
                part.red = True
        if span.annotations:
            notes.update([each.value for each in span.annotations])
    some = set(islice(tags, SUGGESTED))
    return Batch(Form.ZIPKIN, body, len(spans), list(parts.values()), names, some, _sieve(names, tags, notes))


def _sieve(names: set[tuple[str, str, str]], tags: set[tuple[str, str]], notes: set[str]) -> bytes:
    keys = {key: hashed(Sort.TAG, key) for key in {key for key, _ in tags}}
    words = {crc32(value.encode(), keys[key]) for key, value in tags}
    words |= {hashed(Sort.KEY, key) for key in keys.keys() | notes}
    words |= {hashed(Sort.NAME, name.lower()) for name in {name for _, name, _ in names}}
    words |= {hashed(Sort.REMOTE, name.lower()) for name in {name for _, _, name in names}}
    return sieve(words)


class ZipkinBatch:
    """A batch of this form, read again: all ids at once, the rest of a span when it is asked for."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._raws = _PLACES.decode(body)
        by_id: defaultdict[str, list[int]] = defaultdict(list)
        for place, span in enumerate(_IDS.decode(body)):
            by_id[span.trace_id].append(place)
        self._places: defaultdict[int, list[int]] = defaultdict(list)
        for trace_id, places in by_id.items():  # one id may be spelled in several ways
            self._places[trace_key(trace_id)] += places

    def spans(self, key: int) -> Iterator[Span]:
        """Give the spans of the traces with that key."""
        return (as_span(_ONE.decode(self._raws[place])) for place in self._places.get(key, ()))

    def keys(self, word: Word) -> set[int]:
        """Return the keys of the traces that have a span with a word."""
        if word.sort in (Sort.NAME, Sort.REMOTE):
            return {trace_key(span.trace_id) for span in _LIST.decode(self._body) if _has(span, word)}
        # A tag's text stands in the span's bytes as it is, unless its sender escaped something.
        needle = (word.value or word.key).encode()
        likely = [text for raw in self._raws if needle in (text := bytes(raw)) or b"\\" in text]
        return {trace_key(span.trace_id) for text in likely if _has(span := _ONE.decode(text), word)}


def as_span(span: ZipkinSpan) -> Span:
    """Make a span of the trace model."""
    raw: dict[str, Any] = msgspec.to_builtins(span)
    raw["id"] = ids.padded(span.id)
    if span.parent_id:
        raw["parentId"] = ids.padded(span.parent_id)
    return zipkin.span(raw, "the span")


def _has(span: ZipkinSpan, word: Word) -> bool:
    match word.sort:
        case Sort.NAME:
            return (span.name or "").lower() == word.key
        case Sort.REMOTE:
            return ((span.remote_endpoint or _NOWHERE).service_name or "").lower() == word.key
        case Sort.TAG:
            return (span.tags or {}).get(word.key) == word.value
        case _:
            return word.key in (span.tags or ()) or any(each.value == word.key for each in span.annotations or ())
