"""Which tracing backend a shop sends to: the built-in one, one that is there already, or one that is started here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lab import jobs

JAEGER_PORT, ZIPKIN_PORT, OTLP_PORT = 16686, 9411, 4318


@dataclass(frozen=True, slots=True)
class Tracing:
    """Where spans go and where people and commands read them; `job` where the backend is ours to start."""

    make: str
    query: str  # base address of its query API
    page: str  # link to a trace, with {trace_id} in it
    exporting: Mapping[str, str]  # OTEL_* of the senders
    ready: str = ""
    job: Callable[..., None] | None = None
    arguments: tuple[Any, ...] = ()
    ports: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def choose(backend: str, offset: int, data: Path) -> Tracing:
    """Find the backend that `--backend` means; the built-in one keeps its traces in the folder `data`."""
    if backend == "builtin":
        return _builtin(offset, data / "traces.db")
    if backend in ("jaeger", "zipkin"):
        from lab import servers

        return _answering(backend) or (servers.jaeger(offset) if backend == "jaeger" else servers.zipkin(offset))
    return _at(backend)


def otlp(endpoint: str) -> dict[str, str]:
    """Senders' settings for OTLP over HTTP."""
    return {
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
    }


def zipkin_json(url: str) -> dict[str, str]:
    """Senders' settings for Zipkin's own JSON."""
    return {"OTEL_TRACES_EXPORTER": "zipkin_json", "OTEL_EXPORTER_ZIPKIN_ENDPOINT": f"{url}/api/v2/spans"}


def _builtin(offset: int, file: Path) -> Tracing:
    port, receiver = ZIPKIN_PORT + offset, OTLP_PORT + offset
    url = f"http://127.0.0.1:{port}"
    return Tracing(
        make="builtin",
        query=url,
        page=f"{url}/trace/{{trace_id}}",
        exporting=otlp(f"http://127.0.0.1:{receiver}"),
        ready=f"{url}/health",
        job=jobs.backend,
        arguments=(port, receiver, str(file)),
        ports=(port, receiver),
    )


def _answering(make: str) -> Tracing | None:
    """One that is up already, at its usual address."""
    port = JAEGER_PORT if make == "jaeger" else ZIPKIN_PORT
    try:
        found = _at(f"http://127.0.0.1:{port}")
    except Exception as error:
        if getattr(error, "exit_code", None) == 4:
            return None
        raise
    return found if found.make == make else None


def _at(url: str) -> Tracing:
    from discovery import client

    found = client.probe(url)
    page = found.page("{trace_id}").replace("%7B", "{").replace("%7D", "}")
    if found.make is client.Make.ZIPKIN:
        return Tracing("zipkin", found.url, page, zipkin_json(found.url))
    return Tracing("jaeger", found.url, page, otlp(f"http://{urlsplit(found.url).hostname}:{OTLP_PORT}"))
