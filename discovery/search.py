"""Reads every trace of a stretch of time from a backend, however many there are, each once.

A backend answers with so many traces at most, the latest ones, and says nothing of the others. So where an answer is as
large as its limit, the time is halved and each half asked for by itself.
"""

from __future__ import annotations

import time
from urllib.parse import urlencode

from discovery import client, zipkin
from discovery.client import Backend, Make
from discovery.trace import Span, Trace, group

_LIMIT = 1_000  # traces an answer
_SHORTEST = 0.002  # seconds, below which a window is not halved any more
_POLL = 0.3
_AROUND = 1.0  # seconds around a window in which its traces may have spans of their own


class Overflow(Exception):
    """A backend holds more traces of one moment than it gives in one answer."""

    exit_code = 4


def window(backend: Backend, begin: float, end: float) -> list[Trace]:
    """Return every trace with a span that began between two Unix times, oldest first; Overflow where it cannot be."""
    services = [None] if backend.make is Make.ZIPKIN else client.services(backend)
    spans: dict[str, list[Span]] = {}
    for service in services:
        for trace_id, found in _between(backend, service, begin - _AROUND, end + _AROUND).items():
            spans.setdefault(trace_id, found)
    traces = group(span for found in spans.values() for span in found)
    return sorted((trace for trace in traces if _touches(trace, begin, end)), key=lambda trace: trace.start)


def settled(backend: Backend, begin: float, end: float, wait: float = 10.0) -> list[Trace]:
    """Return the traces of a window once no span has come for a while, or after `wait` seconds as they are then."""
    give_up = time.monotonic() + wait
    seen, traces = -1, window(backend, begin, end)
    while time.time() - end < client.OLD and time.monotonic() < give_up:
        count = sum(len(trace.spans) for trace in traces)
        if count == seen:
            break
        seen = count
        time.sleep(_POLL)
        traces = window(backend, begin, end)
    return traces


def _touches(trace: Trace, begin: float, end: float) -> bool:
    return any(begin * 1e6 <= span.start <= end * 1e6 for span in trace.spans)


def _between(backend: Backend, service: str | None, begin: float, end: float) -> dict[str, list[Span]]:
    """Spans by trace id; asks again for halves of the time while an answer may have left some out."""
    found = _ask(backend, service, begin, end)
    if len(found) < _LIMIT:
        return found
    if end - begin < _SHORTEST:
        raise Overflow(
            f"{backend.url} has {_LIMIT} traces or more within {_SHORTEST * 1000:.0f} ms, more than it gives at once; "
            "sample fewer, or look at a shorter time."
        )
    middle = (begin + end) / 2
    return _between(backend, service, begin, middle) | _between(backend, service, middle, end)


def _ask(backend: Backend, service: str | None, begin: float, end: float) -> dict[str, list[Span]]:
    if backend.make is Make.ZIPKIN:
        times = {"endTs": int(end * 1000) + 1, "lookback": int((end - begin) * 1000) + 1}
        query = urlencode({"limit": _LIMIT, **times})
        spans = client.quietly(lambda: zipkin.spans(client.json_of(f"{backend.url}/api/v2/traces?{query}")))
    else:
        query = client.v3_query(service or "", begin, end, _LIMIT)
        spans = client.quietly(lambda: client.v3(f"{backend.url}/api/v3/traces?{query}"))
    found: dict[str, list[Span]] = {}
    for span in client.normalised(spans):
        found.setdefault(span.trace_id, []).append(span)
    return found
