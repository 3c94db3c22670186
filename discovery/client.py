"""Reads traces from a running backend: Jaeger, Zipkin, or the built-in one, which answers as Zipkin does.

Ids of what is read are normalised (`discovery.ids`), so that a trace is the same whichever backend kept it.
"""

from __future__ import annotations

import json
import time
import urllib.error
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from discovery import fetch, field, ids, otlp, zipkin
from discovery.errors import Malformed, NotFound, Unreachable
from discovery.trace import Span, Trace, assemble, group

Unread = Callable[[], Span]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_POLL = 0.1  # seconds between two looks at a trace that still grows
SETTLED = 0.6  # seconds without a new span: longer than the laptop's batch delay
OLD = 10.0  # seconds after its end from which a trace is taken as it is


class Make(StrEnum):
    """Which query API a backend speaks."""

    JAEGER = "jaeger"
    ZIPKIN = "zipkin"


@dataclass(frozen=True, slots=True)
class Backend:
    """A backend that has answered: its query address, without a slash at its end, and its make."""

    url: str
    make: Make

    def page(self, trace_id: str) -> str:
        """Return the address of the trace's page for people."""
        path = "/trace/" if self.make is Make.JAEGER else "/zipkin/traces/"
        return f"{self.url}{path}{quote(trace_id)}"


def probe(url: str, timeout: float = 3.0) -> Backend:
    """Ask what a query address is, `timeout` seconds a question; Unreachable where nothing known answers."""
    url = _with_scheme(url).rstrip("/")
    trouble = "it answers, but neither as Jaeger nor as Zipkin"
    for make, path in ((Make.JAEGER, "/api/v3/services"), (Make.ZIPKIN, "/api/v2/services")):
        try:
            answer = json.loads(fetch.get(url + path, timeout))
        except (urllib.error.HTTPError, ValueError):
            continue
        except OSError as error:
            trouble = fetch.reason(error)
            break
        if isinstance(answer, dict) == (make is Make.JAEGER):
            return Backend(url, make)
    raise Unreachable(
        f"No tracing backend at {url}: {trouble}; start one (tracelab backend) or name another with --backend URL."
    )


def _with_scheme(url: str) -> str:
    whole = url if url.startswith(("http://", "https://")) else f"http://{url}"
    try:
        host, _ = urlsplit(whole).hostname, urlsplit(whole).port
    except ValueError:
        host = None
    if not host or any(each.isspace() for each in whole):
        raise Malformed(f"{url!r} is no address of a backend; expected one such as http://127.0.0.1:9411.")
    return whole


def read(backend: Backend, trace_id: str, *, wait: float = 5.0, expected: int | None = None) -> Trace:
    """Read one trace once it has stopped growing, or has `expected` spans, or after `wait` seconds with what is there.

    NotFound where the backend has nothing of it by then.
    """
    wanted = ids.normalised(trace_id)
    give_up = time.monotonic() + wait
    seen, since = 0, time.monotonic()
    while True:
        spans = _spans(backend, wanted)
        trace = assemble(spans) if spans else None
        now = time.monotonic()
        if len(spans) != seen:
            seen, since = len(spans), now
        if trace is not None and _whole(trace, expected, now - since):
            return trace
        if now >= give_up:
            break
        time.sleep(_POLL)
    if trace is None:
        raise NotFound(
            f"{backend.url} has no trace {trace_id}; it may have been dropped, never sampled, or sent elsewhere."
        )
    return trace


def services(backend: Backend) -> list[str]:
    """Return the names of all services that the backend has heard of, sorted."""
    if backend.make is Make.JAEGER:
        return sorted(fetch.value(f"{backend.url}/api/v3/services").get("services", []))
    return sorted(fetch.value(f"{backend.url}/api/v2/services"))


def latest(
    backend: Backend, service: str, *, limit: int = 100, lookback: float = 3600.0, until: float | None = None
) -> list[Trace]:
    """Return up to `limit` traces that touched a service in the `lookback` seconds before `until`, as they are.

    `until` is a Unix time; without it, now.
    """
    end = time.time() + 60 if until is None else until  # a clock of another machine may be ahead
    begin = (time.time() if until is None else until) - lookback
    return group(_read(backend, query(backend, service, round(begin * 1e6), round(end * 1e6), limit)))


def query(backend: Backend, service: str, begin: int, end: int, limit: int) -> str:
    """Return the address of a search for a service's traces between two times, in microseconds since the epoch.

    Jaeger finds a trace by any of the service's spans, Zipkin by the time of its first span, in milliseconds. Without a
    name Zipkin gives any service's traces. Both give the latest: Zipkin those that began last, Jaeger what came last.
    """
    if backend.make is Make.ZIPKIN:
        until = -(-end // 1000)
        times = {"endTs": until, "lookback": max(1, until - begin // 1000), "limit": limit}
        return f"{backend.url}/api/v2/traces?{urlencode({'serviceName': service, **times} if service else times)}"
    asked = {
        "query.service_name": service,
        "query.start_time_min": _rfc3339(begin),
        "query.start_time_max": _rfc3339(end),
        "query.search_depth": limit,
        "query.num_traces": limit,  # the same, by its name in some versions
    }
    return f"{backend.url}/api/v3/traces?{urlencode(asked)}"


def unread(backend: Backend, url: str) -> dict[str, list[Unread]]:
    """Fetch traces, and leave their spans unread: by trace id, what gives each span; nothing where there is none.

    Jaeger's v3 API answers in one or several chunks, each OTLP under `result`.
    """
    found: dict[str, list[Unread]] = {}
    try:
        answer = fetch.values(url)
    except NotFound:
        return found
    for chunk in answer:
        if backend.make is Make.JAEGER:
            result = field.an_object(chunk, url).get("result", {})
            for place, resource, scope, raw in otlp.places(result):
                found.setdefault(_trace_id(raw, place), []).append(partial(otlp.span, raw, resource, place, scope))
        else:
            for place, raw in zipkin.places(chunk):
                found.setdefault(_trace_id(raw, place), []).append(partial(zipkin.span, raw, place))
    return found


def spans(trace_id: str, given: Iterable[Unread]) -> list[Span]:
    """Read the spans of one trace; its id is spelled as this program does everywhere."""
    read = [each() for each in given]
    return [span if span.trace_id == trace_id else replace(span, trace_id=trace_id) for span in read]


def _trace_id(raw: Any, place: str) -> str:
    return ids.normalised(field.an_id(field.an_object(raw, place), "traceId", place))


def _read(backend: Backend, url: str) -> list[Span]:
    return [span for trace_id, given in unread(backend, url).items() for span in spans(trace_id, given)]


def _whole(trace: Trace, expected: int | None, unchanged: float) -> bool:
    if expected is not None:
        return len(trace.spans) >= expected
    age = time.time() - (trace.start + trace.duration) / 1e6
    return unchanged >= SETTLED or (age > OLD and not trace.missing)


def _spans(backend: Backend, trace_id: str) -> list[Span]:
    path = "/api/v3/traces/" if backend.make is Make.JAEGER else "/api/v2/trace/"
    return _read(backend, backend.url + path + quote(trace_id, safe=""))


def _rfc3339(microseconds: int) -> str:
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat().replace("+00:00", "Z")
