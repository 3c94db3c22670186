"""Spans as OTLP in protobuf: checked as they come, and read again from the bytes that were kept.

https://opentelemetry.io/docs/specs/otlp/. What comes as OTLP's JSON is made protobuf first (`backend.otlp_json`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any
from zlib import crc32

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # the library has no types of its own
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from backend import otlp_shape, protobuf
from backend.batch import MOST_TAKEN, SUGGESTED, TOO_MANY, Batch, Form, Part, Taken, trace_key
from backend.words import Sort, Word, hashed, sieve
from discovery import attributes
from discovery.errors import Malformed
from discovery.trace import Span

_ERROR = 2
_REMOTE = b"peer.service"
# Of protobuf: the tag of a message's first field; what stands before a text that is a value, by its length; where a key
# ends that has the first length of two bytes.
_FIRST, _TEXTS, _LONG = 0x0A, [bytes((0x12, size + 2, 0x0A, size)) for size in range(0x80 - 2)], 2 + 0x80

_Place = tuple[int, int, int]


def take(body: bytes) -> Taken:
    """Check a body and describe its spans; Malformed where it is no export request."""
    whole = ExportTraceServiceRequest()
    try:
        if _is_too_much(otlp_shape.Outline.FromString(body)):
            raise Malformed(TOO_MANY)
        whole.ParseFromString(body)  # opens every attribute, to be sure that all can be read later
    except DecodeError as error:
        raise Malformed("The body is not an OTLP ExportTraceServiceRequest in protobuf.") from error
    request = otlp_shape.Request.FromString(body)
    reasons = list(_faults(request))
    if reasons:
        body = _without(whole, {place for place, _ in reasons})
        request = otlp_shape.Request.FromString(body)
    described = _described(body, request)
    return Taken(described if described.spans else None, len(reasons), reasons[0][1] if reasons else "")


def _is_too_much(outline: Any) -> bool:
    """Tell before it is parsed: an empty span is two bytes, and some 200 when it is read."""
    left = MOST_TAKEN
    for group in outline.resource_spans:
        left -= 1 + len(group.scope_spans)
        if left >= 0:
            left -= sum(len(scope.spans) for scope in group.scope_spans)
        if left < 0:
            return True
    return False


def _faults(request: Any) -> Iterator[tuple[_Place, str]]:
    for number, group in enumerate(request.resource_spans):
        for inner, scope in enumerate(group.scope_spans):
            for last, span in enumerate(scope.spans):
                if fault := _fault(span):
                    place = f"resourceSpans[{number}].scopeSpans[{inner}].spans[{last}]"
                    yield (number, inner, last), f"{place} {fault}"


def _fault(span: Any) -> str:
    trace_id, span_id = span.trace_id, span.span_id
    if len(trace_id) != 16 or len(span_id) != 8 or len(span.parent_span_id) not in (0, 8):
        return "has ids of the wrong length; expected 16 bytes of traceId, 8 of spanId, 8 or none of parentSpanId."
    if not any(trace_id) or not any(span_id):
        return "has an id that is all zeros."
    return ""


def _without(whole: ExportTraceServiceRequest, places: set[_Place]) -> bytes:
    for number, inner, last in sorted(places, reverse=True):
        del whole.resource_spans[number].scope_spans[inner].spans[last]
    return bytes(whole.SerializeToString())


def _described(body: bytes, request: Any) -> Batch:
    parts: dict[tuple[bytes, str], Part] = {}
    names: set[tuple[str, str, str]] = set()
    pairs: set[bytes] = set()
    notes: set[str] = set()
    total = 0
    for group in request.resource_spans:
        resource = list(group.resource.attributes)
        service = _service(resource)
        pairs.update(resource)
        for scope in group.scope_spans:
            for span in scope.spans:
                total += 1
                pairs.update(span.attributes)
                names.add((service, span.name, ""))
                red = span.HasField("status") and span.status.code == _ERROR
                _count(parts, span, service, red)
                notes.update([event.name for event in span.events])
    words, keys = _words(pairs)
    if "error" in keys:  # which of them it is on, and whether it says "false", is found out when they are read
        for part in parts.values():
            part.red = True
    if any(part.red for part in parts.values()):
        keys.add("error")
    remotes = {_opened(pair)[1] for pair in pairs if _REMOTE in pair} if "peer.service" in keys else set()
    names |= {(service, "", remote) for service, _, _ in names for remote in remotes}
    words |= {hashed(Sort.KEY, key) for key in keys | notes}
    words |= {hashed(Sort.NAME, name.lower()) for name in {name for _, name, _ in names}}
    words |= {hashed(Sort.REMOTE, remote.lower()) for remote in remotes}
    some = {_opened(pair) for pair in islice(pairs, SUGGESTED)}
    return Batch(Form.OTLP, body, total, list(parts.values()), names, some, sieve(words))


def _count(parts: dict[tuple[bytes, str], Part], span: Any, service: str, red: bool) -> None:
    trace_id, start, end = span.trace_id, span.start_time_unix_nano // 1000, span.end_time_unix_nano // 1000
    part = parts.get((trace_id, service))
    if part is None:
        part = parts[trace_id, service] = Part(trace_id.hex(), service, 0, 0, 0, False, 0)
    part.spans += 1
    if start and (not part.at or start < part.at):
        part.at = start
    if start and not part.first and not span.parent_span_id:
        part.first = start
    part.longest = max(part.longest, end - start)
    part.red = part.red or red


def _service(resource: list[bytes]) -> str:
    named = [_opened(pair) for pair in resource if b"service.name" in pair]
    return dict(named).get("service.name", "")


def _words(pairs: set[bytes]) -> tuple[set[int], set[str]]:
    """Return the hashes of attributes as words, and their keys.

    Most are a short key and a short text, in the order of their field numbers: their bytes are where they always are,
    and opening them as messages would cost ten times as much. All others are opened.
    """
    words: set[int] = set()
    seeds: dict[bytes, int] = {}
    others: set[tuple[str, str]] = set()
    for pair in pairs:
        at = 2 + pair[1] if len(pair) > 1 else 2
        size = len(pair) - at - 4  # of the text, if it is one
        is_usual = 0 <= size < len(_TEXTS) and at < _LONG and pair[0] == _FIRST and pair[at : at + 4] == _TEXTS[size]
        if not is_usual:
            others.add(_opened(pair))
            continue
        key = pair[2:at]
        seed = seeds.get(key)
        if seed is None:
            seed = seeds[key] = crc32(key, Sort.TAG)
        words.add(crc32(pair[at + 4 :], seed))
    words |= {hashed(Sort.TAG, key, value) for key, value in others}
    return words, {key.decode() for key in seeds} | {key for key, _ in others}


def _opened(pair: bytes) -> tuple[str, str]:
    """Read one attribute: its key, and its value as a text."""
    opened = KeyValue.FromString(pair)
    return opened.key, attributes.text(protobuf.value(opened.value))


class OtlpBatch:
    """A batch of this form, read again."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._whole = ExportTraceServiceRequest.FromString(body)
        self._places: defaultdict[int, list[_Place]] = defaultdict(list)
        for number, group in enumerate(self._whole.resource_spans):
            for inner, scope in enumerate(group.scope_spans):
                for last, span in enumerate(scope.spans):
                    self._places[trace_key(span.trace_id.hex())].append((number, inner, last))

    def spans(self, key: int) -> Iterator[Span]:
        """Give the spans of the traces with that key."""
        return protobuf.spans(self._whole, self._places.get(key, ()))

    def keys(self, word: Word) -> set[int]:
        """Return the keys of the traces that have a span with a word."""
        found: set[int] = set()
        for group in otlp_shape.Request.FromString(self._body).resource_spans:
            spans = [span for scope in group.scope_spans for span in scope.spans]
            fitting = _fitting({pair for span in spans for pair in span.attributes}, word)
            everywhere = bool(_fitting(set(group.resource.attributes), word))
            having = (span for span in spans if everywhere or _has(span, word, fitting))
            found.update(trace_key(span.trace_id.hex()) for span in having)
        return found


def _fitting(pairs: set[bytes], word: Word) -> set[bytes]:
    """Pick the attributes that are a word; few are opened, those that hold the text of the key."""
    key = b"peer.service" if word.sort is Sort.REMOTE else word.key.encode()
    return {pair for pair in pairs if key in pair and _is(_opened(pair), word)}


def _is(tag: tuple[str, str], word: Word) -> bool:
    key, value = tag
    match word.sort:
        case Sort.TAG:
            return key == word.key and value == word.value
        case Sort.KEY:
            return key == word.key
        case Sort.REMOTE:
            return key == "peer.service" and value.lower() == word.key
        case _:
            return False


def _has(span: Any, word: Word, fitting: set[bytes]) -> bool:
    if word.sort is Sort.NAME:
        return bool(span.name.lower() == word.key)
    if fitting and not fitting.isdisjoint(span.attributes):
        return True
    if word.sort is not Sort.KEY:
        return False
    failed = word.key == "error" and span.HasField("status") and span.status.code == _ERROR
    return failed or any(event.name == word.key for event in span.events)
