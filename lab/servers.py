"""Starts a real Jaeger or Zipkin that is installed on this machine, on the ports of this shop, loopback only."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from lab import jobs
from lab.tracing import JAEGER_PORT, OTLP_PORT, ZIPKIN_PORT, Tracing, otlp, zipkin_json

_KEPT_TRACES = 50_000
_ELSE = "(or leave --backend out: the built-in backend needs nothing)"


class NotInstalled(Exception):
    """The backend asked for neither answers nor is on this machine."""

    exit_code = 4


def jaeger(offset: int) -> Tracing:
    """Jaeger v2, traces in memory."""
    program = shutil.which("jaeger")
    if program is None:
        raise NotInstalled(
            f"No Jaeger answers at 127.0.0.1:{JAEGER_PORT} and no jaeger is on the PATH; start one: docker run --rm "
            f"-p 127.0.0.1:{JAEGER_PORT}:16686 -p 127.0.0.1:{OTLP_PORT}:4318 jaegertracing/jaeger:2.20.0 {_ELSE}."
        )
    port, receiver = JAEGER_PORT + offset, OTLP_PORT + offset
    url = f"http://127.0.0.1:{port}"
    return Tracing(
        make="jaeger",
        query=url,
        page=f"{url}/trace/{{trace_id}}",
        exporting=otlp(f"http://127.0.0.1:{receiver}"),
        ready=f"{url}/api/v3/services",
        job=jobs.program,
        arguments=(program, "--config", "yaml:" + json.dumps(_jaeger_configuration(port, receiver))),
        ports=(port, receiver),
        environment={"OTEL_TRACES_SAMPLER": "always_off"},  # it would trace itself, and wait at its end to send that
    )


def zipkin(offset: int) -> Tracing:
    """Zipkin: its program, or the zipkin.jar that its own quick start leaves in the folder."""
    jar = Path("zipkin.jar")
    if program := shutil.which("zipkin"):
        command: tuple[str, ...] = (program,)
    elif jar.is_file() and (java := shutil.which("java")):
        command = (java, "-jar", str(jar.absolute()))
    else:
        raise NotInstalled(
            f"No Zipkin answers at 127.0.0.1:{ZIPKIN_PORT} and no zipkin or zipkin.jar is on this machine; start one: "
            f"docker run --rm -p 127.0.0.1:{ZIPKIN_PORT}:9411 openzipkin/zipkin:3 {_ELSE}."
        )
    port = ZIPKIN_PORT + offset
    url = f"http://127.0.0.1:{port}"
    return Tracing(
        make="zipkin",
        query=url,
        page=f"{url}/zipkin/traces/{{trace_id}}",
        exporting=zipkin_json(url),
        ready=f"{url}/health",
        job=jobs.program,
        arguments=command,
        ports=(port,),
        environment={"QUERY_PORT": str(port), "SERVER_ADDRESS": "127.0.0.1"},
    )


def _jaeger_configuration(port: int, receiver: int) -> dict[str, object]:
    """What its all-in-one default has, without the ports that nobody here asks."""
    return {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}},
            "telemetry": {"metrics": {"level": "none"}},
        },
        "extensions": {
            "jaeger_storage": {"backends": {"memory": {"memory": {"max_traces": _KEPT_TRACES}}}},
            "jaeger_query": {
                "storage": {"traces": "memory"},
                "http": {"endpoint": f"127.0.0.1:{port}"},
                "grpc": {"endpoint": "127.0.0.1:0"},
            },
        },
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{receiver}"}}}},
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "memory"}},
    }
