"""A file with traces in it, whichever form it has: told by its content, never by its name."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from discovery import collector, jaeger, otlp, zipkin
from discovery.errors import Malformed
from discovery.trace import Span, Trace, group

_FORMS = "expected Jaeger's JSON (data), Zipkin v2 JSON (a list of spans) or OTLP JSON (resourceSpans)"
_SPACE = re.compile(r"[ \t\r\n\x1e]*")  # the last one separates records in JSON text sequences (RFC 7464)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_PART = 1_000  # items


def load(name: str) -> list[Trace]:
    """Read the traces of a file; `-` is standard input. Malformed says what is wrong and where, the name first."""
    return load_all([name])


def load_all(names: Iterable[str]) -> list[Trace]:
    """Read the traces of several files; spans of one trace may be in more than one. Malformed as with `load`."""
    with collector.paused():
        return group(span for name in names for span in _read(name))


def _read(name: str) -> list[Span]:
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise Malformed(f"{name}: cannot be read ({error.strerror}); give the path of a trace's JSON file.") from error
    try:
        return spans(content)
    except Malformed as error:
        raise Malformed(f"{'standard input' if name == '-' else name}: {error}") from error


def parse(content: bytes | str) -> list[Trace]:
    """Read the traces of a text; at least one, or Malformed."""
    return group(spans(content))


def spans(content: bytes | str) -> list[Span]:
    """Read the spans of a text; at least one, or Malformed."""
    with collector.paused():
        try:
            found = _listed(content)
        except (msgspec.DecodeError, UnicodeError, RecursionError):  # is no list, or not JSON
            found = [span for value in values(content) for span in _spans(value)]
    if not found:
        raise Malformed(f"holds no span; {_FORMS}.")
    return found


def _listed(content: bytes | str) -> list[Span]:
    """Read the spans of one list, part by part: a million spans as JSON and as spans would take twice the memory."""
    items = _LIST.decode(content)
    found: list[Span] = []
    for first in range(0, len(items), _PART):
        found += _spans([msgspec.json.decode(each) for each in items[first : first + _PART]], first)
    return found


def longest(traces: list[Trace]) -> Trace:
    """Pick the trace to show where a file holds several."""
    return max(traces, key=lambda trace: trace.duration)


def values(content: bytes | str) -> list[Any]:
    """Parse one JSON value, or several one after the other: streams and OTLP's file exporter write one a line."""
    try:
        return [msgspec.json.decode(content)]
    except (ValueError, RecursionError):
        return _one_by_one(content)


def _one_by_one(content: bytes | str) -> list[Any]:
    """Parse what is more than one value, or none: then a Malformed says why not."""
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(f"is not UTF-8 text (byte {error.start}); {_FORMS}.") from error
    decoder = json.JSONDecoder()
    values: list[Any] = []
    at = _after_space(text, 0)
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise Malformed(
                f"is not JSON at line {error.lineno}, column {error.colno} ({error.msg.lower()}); {_FORMS}."
            ) from error
        except RecursionError as error:
            raise Malformed(f"is nested too deeply for a trace; {_FORMS}.") from error
        values.append(value)
        at = _after_space(text, at)
    return values


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _spans(value: Any, first: int = 0) -> list[Span]:
    """Read the spans of a value, told by its content; a list may be a part of one, from its item `first` on."""
    if isinstance(value, list):
        is_jaeger = any(isinstance(item, dict) and "spans" in item for item in value)
        return jaeger.spans({"data": value}) if is_jaeger else zipkin.spans(value, first)
    if not isinstance(value, dict):
        raise Malformed(f"is JSON, but no trace; {_FORMS}.")
    if "result" in value:
        return _spans(value["result"])
    if "resourceSpans" in value:
        return otlp.spans(value)
    if "data" in value or "spans" in value:
        return jaeger.spans(value)
    if "traceId" in value and "id" in value:
        return zipkin.spans([value])
    raise Malformed(f"is JSON, but no trace; {_FORMS}.")
