"""The commands that start again, as it was or otherwise, what a walk has seen: a shop of this machine, or Compose's."""

from __future__ import annotations

from urllib.parse import urlsplit

from lab import plan
from lab.doctor import mends
from lab.doctor.ask import is_address
from lab.doctor.endpoint import Endpoint
from lab.doctor.evidence import Evidence
from lab.tracing import OTLP_PORT, ZIPKIN_PORT

_LOOPBACK = ("127.0.0.1", "localhost")


def is_local(seen: Evidence) -> bool:
    """Whether the shop is on this machine, outside of containers."""
    return urlsplit(seen.target).hostname in _LOOPBACK


def up(seen: Evidence) -> str:
    """Start this shop again, with the same ports and backend."""
    if not is_local(seen):
        return "docker compose up -d --wait"
    return mends.tracelab("up" if _own_backend(seen) else f"up --backend {seen.query}", _offset(seen))


def instrumented(seen: Evidence) -> str:
    """Start this shop again, its spans being made."""
    return mends.with_settings({"OTEL_SDK_DISABLED": "false"}, up(seen))


def exporting(seen: Evidence) -> str:
    """Start this shop again, its spans being sent."""
    return mends.with_settings({"OTEL_TRACES_EXPORTER": "otlp"}, up(seen))


def sending(seen: Evidence, now: Endpoint, to: Endpoint) -> str:
    """Start this shop again, its spans being sent to another place than now."""
    settings = to.settings
    if now.exporter == to.exporter:
        del settings["OTEL_TRACES_EXPORTER"]
    return mends.with_settings(settings, up(seen))


def backend(seen: Evidence) -> str:
    """Start the backend: with the shop where it is the shop's own, else one that takes its place."""
    query = urlsplit(seen.query)
    if not is_local(seen):
        return f"docker compose up -d --wait {query.hostname}"
    if _own_backend(seen):
        return up(seen)
    sent = OTLP_PORT
    if seen.endpoint and seen.endpoint.exporter == "otlp" and is_address(seen.endpoint.url):
        sent = urlsplit(seen.endpoint.url).port or sent
    return mends.tracelab(f"backend --port {query.port or 80} --otlp-port {sent}")


def reading(seen: Evidence) -> str:
    """Walk again, asking for the trace where the spans are sent."""
    own = f"http://127.0.0.1:{ZIPKIN_PORT + _offset(seen)}"
    return mends.tracelab(f"doctor --target {seen.target} --backend {own}") if is_local(seen) else up(seen)


def logs(seen: Evidence, of: str) -> str:
    """Read what a service, or all of a trace, had to say."""
    return mends.tracelab(f"logs {of}") if is_local(seen) else "docker compose logs"


def _offset(seen: Evidence) -> int:
    return (urlsplit(seen.target).port or 80) - plan.PORTS["gateway"]


def _own_backend(seen: Evidence) -> bool:
    query = urlsplit(seen.query)
    return query.hostname in _LOOPBACK and query.port == ZIPKIN_PORT + _offset(seen)
