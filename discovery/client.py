"""Reads traces from a running backend: Jaeger, Zipkin, or the built-in one, which answers as Zipkin does.

Ids of what is read are normalised (`discovery.ids`), so that a trace is the same whichever backend kept it. A proxy in
the environment is ignored: backends of a laptop or a compose network are never behind one.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from discovery import document, ids, otlp, zipkin
from discovery.errors import Malformed, NotFound, Unreachable
from discovery.trace import Span, Trace, assemble, group

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_POLL = 0.1  # seconds between two looks at a trace that still grows
_SETTLED = 0.6  # seconds without a new span: longer than the laptop's batch delay
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
            answer = json.loads(_get(url + path, timeout))
        except (urllib.error.HTTPError, ValueError):
            continue
        except OSError as error:
            trouble = _reason(error)
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
        return sorted(json_of(f"{backend.url}/api/v3/services").get("services", []))
    return sorted(json_of(f"{backend.url}/api/v2/services"))


def latest(
    backend: Backend, service: str, *, limit: int = 100, lookback: float = 3600.0, until: float | None = None
) -> list[Trace]:
    """Return up to `limit` traces that touched a service in the `lookback` seconds before `until`, as they are.

    `until` is a Unix time; without it, now.
    """
    end = time.time() + 60 if until is None else until  # a clock of another machine may be ahead
    begin = (time.time() if until is None else until) - lookback
    if backend.make is Make.ZIPKIN:
        times = {"endTs": int(end * 1000), "lookback": int((end - begin) * 1000)}
        query = urlencode({"serviceName": service, "limit": limit, **times})
        spans = quietly(lambda: zipkin.spans(json_of(f"{backend.url}/api/v2/traces?{query}")))
    else:
        query = v3_query(service, begin, end, limit)
        spans = quietly(lambda: v3(f"{backend.url}/api/v3/traces?{query}"))
    return group(normalised(spans))


def v3_query(service: str, begin: float, end: float, limit: int) -> str:
    """Spell a search of Jaeger's v3 API for a service's traces between two Unix times."""
    return urlencode(
        {
            "query.service_name": service,
            "query.start_time_min": _rfc3339(begin),
            "query.start_time_max": _rfc3339(end),
            "query.search_depth": limit,
            "query.num_traces": limit,  # the same, by its name in newer versions
        }
    )


def _whole(trace: Trace, expected: int | None, unchanged: float) -> bool:
    if expected is not None:
        return len(trace.spans) >= expected
    age = time.time() - (trace.start + trace.duration) / 1e6
    return unchanged >= _SETTLED or (age > OLD and not trace.missing)


def _spans(backend: Backend, trace_id: str) -> list[Span]:
    path = "/api/v3/traces/" if backend.make is Make.JAEGER else "/api/v2/trace/"
    url = backend.url + path + quote(trace_id, safe="")
    if backend.make is Make.JAEGER:
        return normalised(quietly(lambda: v3(url)))
    return normalised(quietly(lambda: zipkin.spans(json_of(url))))


def v3(url: str) -> list[Span]:
    """Read an answer of Jaeger's v3 API: one or several chunks, each OTLP under `result`."""
    return [span for chunk in document.values(_fetch(url)) for span in otlp.spans(chunk.get("result", {}))]


def quietly(read_spans: Callable[[], list[Span]]) -> list[Span]:
    """Take a trace that is not there, or not there yet, for one without spans."""
    try:
        return read_spans()
    except NotFound:
        return []


def normalised(spans: list[Span]) -> list[Span]:
    """Spell trace ids as this program does everywhere."""
    return [replace(span, trace_id=ids.normalised(span.trace_id)) for span in spans]


def json_of(url: str) -> Any:
    """Return what an address answers; NotFound, Malformed and Unreachable say what went wrong."""
    try:
        return json.loads(_fetch(url))
    except ValueError as error:
        raise Malformed(f"{url} answered with something other than JSON.") from error


def _fetch(url: str) -> bytes:
    try:
        return _get(url, 10.0)
    except urllib.error.HTTPError as error:
        if error.code in (400, 404):  # what was never a trace id of theirs is not found either
            raise NotFound(f"{url} answered {error.code}.") from error
        raise Unreachable(f"{url} answered {error.code}; see the backend's log.") from error
    except OSError as error:
        raise Unreachable(f"{url} cannot be read: {_reason(error)}.") from error


def _get(url: str, timeout: float) -> bytes:
    """Return what an address answers; HTTPError for a refusal, OSError for all that is not HTTP."""
    try:
        with _OPENER.open(url, timeout=timeout) as response:
            body: bytes = response.read()
            return body
    except http.client.HTTPException as error:
        raise OSError(f"what answers does not speak HTTP ({type(error).__name__})") from error


def _reason(error: OSError) -> str:
    cause = getattr(error, "reason", error)
    return str(getattr(cause, "strerror", None) or cause).lower()


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
