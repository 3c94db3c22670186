"""The real tracing backends: Jaeger and Zipkin."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.real import process
from tests.real.absent import missing

JAEGER_IMAGE = "jaegertracing/jaeger:2.20.0"
ZIPKIN_IMAGE = "openzipkin/zipkin:3.6.1"
# Zipkin completes the tags that it was set up for; one that is named in the environment must be set up so as well.
_COMPLETED = {"AUTOCOMPLETE_KEYS": "environment"}

# Ports of its own, loopback only, memory capped, and no batching: what is sent can be read at once.
_JAEGER_CONFIGURATION = """
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: {{receivers: [otlp, zipkin], exporters: [jaeger_storage_exporter]}}
  telemetry:
    metrics: {{level: none}}
    logs: {{level: warn}}
extensions:
  jaeger_query:
    storage: {{traces: memory}}
    http: {{endpoint: "127.0.0.1:{query}"}}
    grpc: {{endpoint: "127.0.0.1:{grpc}"}}
  jaeger_storage:
    backends: {{memory: {{memory: {{max_traces: 20000}}}}}}
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{otlp}"}}}}}}
  zipkin: {{endpoint: "127.0.0.1:{zipkin}"}}
exporters:
  jaeger_storage_exporter: {{trace_storage: memory}}
"""


@dataclass(frozen=True, slots=True)
class Tracing:
    """A running backend: where it is asked, and where spans go.

    `otlp_endpoint` is a base address, as OTEL_EXPORTER_OTLP_ENDPOINT; None where the backend speaks no OTLP.
    `zipkin_endpoint` is whole, as OTEL_EXPORTER_ZIPKIN_ENDPOINT.
    """

    query_url: str
    zipkin_endpoint: str
    otlp_endpoint: str | None


@contextmanager
def jaeger(folder: Path) -> Iterator[Tracing]:
    """Find or start Jaeger; `folder` is for its configuration and log."""
    url = os.environ.get("TRACELAB_JAEGER_URL")
    if url:
        host = f"http://{urlsplit(url).hostname}"
        otlp = os.environ.get("TRACELAB_JAEGER_OTLP", f"{host}:4318")
        yield Tracing(url.rstrip("/"), os.environ.get("TRACELAB_JAEGER_ZIPKIN", f"{host}:9411/api/v2/spans"), otlp)
    elif program := shutil.which("jaeger"):
        query, grpc, otlp_port, zipkin_port = process.free_ports(4)
        configuration = folder / "jaeger.yaml"
        text = _JAEGER_CONFIGURATION.format(query=query, grpc=grpc, otlp=otlp_port, zipkin=zipkin_port)
        configuration.write_text(text, "utf-8")
        found = _local(query, zipkin_port, otlp_port)
        untraced = {"OTEL_TRACES_SAMPLER": "always_off"}  # it would trace itself, and wait 10 s at its end to send that
        with process.running(
            [program, "--config", str(configuration)],
            folder,
            lambda: _is_jaeger(found),
            seconds=30,
            environment=untraced,
        ):
            yield found
    elif docker := process.docker_engine():
        with process.container(
            docker, JAEGER_IMAGE, (16686, 9411, 4318), ("-e", "JAEGER_LISTEN_HOST=0.0.0.0")
        ) as ports:
            found = _local(*ports)
            process.wait_until(lambda: _is_jaeger(found), 60)
            yield found
    else:
        missing("jaeger")


@contextmanager
def zipkin(folder: Path) -> Iterator[Tracing]:
    """Find or start Zipkin; `folder` is for its log."""
    url = os.environ.get("TRACELAB_ZIPKIN_URL")
    program, java, jar = shutil.which("zipkin"), shutil.which("java"), os.environ.get("ZIPKIN_JAR")
    if url:
        yield _zipkin_at(url.rstrip("/"))
    elif program or (java and jar):
        [port] = process.free_ports(1)
        command = [program] if program else [str(java), "-Xmx384m", "-jar", str(jar)]
        options = [
            f"--armeria.ports[0].port={port}",
            "--armeria.ports[0].ip=127.0.0.1",
            "--armeria.ports[0].protocols[0]=http",
        ]
        found = _zipkin_at(f"http://127.0.0.1:{port}")
        with process.running(
            [*command, *options],
            folder,
            lambda: process.answers(f"{found.query_url}/health"),
            seconds=90,
            environment=_COMPLETED,
        ):
            yield found
    elif docker := process.docker_engine():
        settings = [part for name, value in _COMPLETED.items() for part in ("-e", f"{name}={value}")]
        with process.container(docker, ZIPKIN_IMAGE, (9411,), settings) as [port]:
            found = _zipkin_at(f"http://127.0.0.1:{port}")
            process.wait_until(lambda: process.answers(f"{found.query_url}/health"), 90)
            yield found
    else:
        missing("zipkin")


def _zipkin_at(url: str) -> Tracing:
    return Tracing(url, f"{url}/api/v2/spans", None)


def _local(query: int, zipkin_port: int, otlp: int) -> Tracing:
    return Tracing(
        f"http://127.0.0.1:{query}", f"http://127.0.0.1:{zipkin_port}/api/v2/spans", f"http://127.0.0.1:{otlp}"
    )


def _is_jaeger(found: Tracing) -> bool:
    return process.answers(f"{found.query_url}/api/v3/services")
