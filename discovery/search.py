"""Reads every trace of a stretch of time from a backend, however many there are, each once.

A backend answers with so many traces at most, and says nothing of the others. So where an answer is as large as its
limit, the time is halved and each half asked for by itself. Halves have their border in common, so that none is lost.
"""

from __future__ import annotations

import time

from discovery import client, collector
from discovery.client import Backend, Make
from discovery.trace import Span, Trace, assemble

_LIMIT = 1_000  # traces an answer: the most that the built-in backend gives, and any Jaeger of a usual size
_SHORTEST = 1_000  # microseconds: what is not halved any more, for Zipkin has no shorter time
_POLL = 0.3  # seconds between two looks at a window that still grows
# Microseconds by which a trace's first span may lie before a window in which it has others: no request of the shop
# takes longer. Jaeger, which finds traces by any span, needs none; after the window, clocks may disagree.
_BEFORE, _AFTER = 10_000_000, 1_000_000

Found = dict[str, list[Span]]


class Overflow(Exception):
    """A backend holds more traces of one moment than it gives in one answer."""

    exit_code = 4


def window(backend: Backend, begin: float, end: float) -> list[Trace]:
    """Return every trace with a span that began between two Unix times, oldest first; Overflow where it cannot be.

    Of Zipkin and the built-in backend, which find a trace by its first span, only what began up to ten seconds before.
    """
    since, until = max(0, round(begin * 1e6)), max(0, round(end * 1e6))
    found: Found = {}
    if backend.make is Make.ZIPKIN:
        _between(backend, "", max(0, since - _BEFORE), until + _AFTER, found)
    else:
        for service in client.services(backend):
            _between(backend, service, since, until, found)
    inside = [spans for spans in found.values() if any(since <= span.start <= until for span in spans)]
    return sorted(map(assemble, inside), key=lambda trace: (trace.start, trace.trace_id))


def settled(backend: Backend, begin: float, end: float, wait: float = 10.0) -> list[Trace]:
    """Return the traces of a window once no span has come for a while, or after `wait` seconds as they are then.

    A window that ended some time ago is taken as it is.
    """
    give_up = time.monotonic() + wait
    traces = window(backend, begin, end)
    count, since = _count(traces), time.monotonic()
    while time.time() - end < client.OLD and time.monotonic() < min(give_up, since + client.SETTLED):
        time.sleep(_POLL)
        traces = window(backend, begin, end)
        if _count(traces) != count:
            count, since = _count(traces), time.monotonic()
    return traces


def _count(traces: list[Trace]) -> int:
    return sum(len(trace.spans) for trace in traces)


def _between(backend: Backend, service: str, begin: int, end: int, found: Found) -> None:
    """Add the traces between two times to those found; a trace that came before is read again where it has grown."""
    with collector.paused():
        answer = client.unread(backend, client.query(backend, service, begin, end, _LIMIT))
        whole = len(answer) < _LIMIT
        for trace_id, given in answer.items() if whole else ():
            if len(given) > len(found.get(trace_id, ())):
                found[trace_id] = client.spans(trace_id, given)
    if whole:
        return
    if end - begin <= _SHORTEST:
        raise Overflow(
            f"{backend.url} has {_LIMIT} traces or more within {_SHORTEST // 1000} ms, more than it gives at once; "
            "sample fewer, or look at another time."
        )
    middle = (begin + end) // 2
    _between(backend, service, begin, middle, found)
    _between(backend, service, middle, end, found)
