"""Where the services send their spans, and whether spans are taken there: asked with a message that holds none."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from lab.doctor.ask import Cause, NoAnswer, ask, is_address

OTLP_PATH, ZIPKIN_PATH = "/v1/traces", "/api/v2/spans"
_PATIENCE = 3.0
_GRPC_PORT = 4317
_DEAD = (Cause.REFUSED, Cause.SILENT, Cause.UNKNOWN_HOST, Cause.BROKEN)
_STATUSES = {
    400: "the request is malformed for it: another protocol, or TLS, is spoken there",
    401: "it wants to know who sends: OTEL_EXPORTER_OTLP_HEADERS may say it",
    403: "it does not take spans from here",
    404: "the path is wrong",
    405: "the path is wrong: it takes no POST there",
    407: "the proxy wants to know who sends",
    413: "a batch is too large for it: OTEL_BSP_MAX_EXPORT_BATCH_SIZE makes smaller ones",
    415: "it wants another protocol than the one that is sent",
    429: "it has too much to do",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an exporter of that name (`otlp`, `zipkin_json`) sends to."""

    exporter: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        """The OTEL_* variables of a sender that is to send there."""
        if self.exporter == "zipkin_json":
            return {"OTEL_TRACES_EXPORTER": "zipkin_json", "OTEL_EXPORTER_ZIPKIN_ENDPOINT": self.url}
        return {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": self.url}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why spans are not taken; `dead` where nobody is there who could take them."""

    text: str
    dead: bool = False


def of(environment: Mapping[str, str]) -> Endpoint | None:
    """The endpoint that the OTEL_* variables mean, as the exporters read them; None where they name no exporter."""
    names = (environment.get("OTEL_TRACES_EXPORTER") or "otlp").split(",")
    known = {"otlp": _otlp, "otlp_proto_http": _otlp, "zipkin_json": _zipkin}
    return next((known[name.strip()](environment) for name in names if name.strip() in known), None)


def refusal(endpoint: Endpoint, seconds: float = _PATIENCE) -> Refusal | None:
    """Send no span, as an exporter would send some; None where that is taken."""
    if not is_address(endpoint.url):
        return Refusal(f"{endpoint.url} {Cause.NO_ADDRESS}.")
    otlp = endpoint.exporter == "otlp"
    media = "application/x-protobuf" if otlp else "application/json"
    body = b"\n\0" if otlp else b"[]"  # OTLP: one `resource_spans` (field 1) with nothing in it
    through = _through(endpoint.url)
    try:
        headers = {**endpoint.headers, "Content-Type": media}
        reply = ask(endpoint.url, "POST", body, headers, seconds=seconds, proxied=bool(through))
    except NoAnswer as error:
        return Refusal(f"{endpoint.url} {error}{_why(endpoint, error.cause)}{through}.", dead=error.cause in _DEAD)
    if reply.status >= 300:
        why = _STATUSES.get(reply.status, "see its log" if reply.status >= 500 else "it takes no spans there")
        return Refusal(f"{endpoint.url} answers {reply.status}: {why}{_path(endpoint, reply.status)}{through}.")
    if reply.headers.get("content-type", "").startswith("text/html"):
        return Refusal(f"{endpoint.url} answers with a page for people: it is no place for spans{through}.")
    return None


def _otlp(environment: Mapping[str, str]) -> Endpoint:
    """By the specification's "OpenTelemetry Protocol Exporter": the variable for traces whole, the other as a base."""
    whole = environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    base = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") or "http://localhost:4318"
    sent = environment.get("OTEL_EXPORTER_OTLP_TRACES_HEADERS") or environment.get("OTEL_EXPORTER_OTLP_HEADERS") or ""
    pairs = (pair.partition("=") for pair in sent.split(",") if "=" in pair)
    headers = {unquote(name.strip()): unquote(value.strip()) for name, _, value in pairs}
    return Endpoint("otlp", whole or base.rstrip("/") + OTLP_PATH, headers)


def _zipkin(environment: Mapping[str, str]) -> Endpoint:
    url = environment.get("OTEL_EXPORTER_ZIPKIN_ENDPOINT") or f"http://localhost:9411{ZIPKIN_PATH}"
    return Endpoint("zipkin_json", url)


def _through(url: str) -> str:
    """Name the proxy that exporters started from this terminal would use; the kit exempts loopback."""
    address = urlsplit(url)
    host = address.hostname or ""
    proxy = urllib.request.getproxies().get(address.scheme)
    if not proxy or host in ("127.0.0.1", "localhost") or urllib.request.proxy_bypass(host):
        return ""
    return f", through the proxy {proxy} (NO_PROXY={host} passes it by)"


def _why(endpoint: Endpoint, cause: Cause) -> str:
    """What else is worth knowing of a port where OTLP over HTTP is not spoken."""
    if cause in (Cause.NOT_HTTP, Cause.BROKEN, Cause.REFUSED) and urlsplit(endpoint.url).port == _GRPC_PORT:
        return f" ({_GRPC_PORT} is the port of OTLP over gRPC; over HTTP, as here, it is 4318)"
    return ""


def _path(endpoint: Endpoint, status: int) -> str:
    """The path that should be there, where another one is."""
    wanted = OTLP_PATH if endpoint.exporter == "otlp" else ZIPKIN_PATH
    path = urlsplit(endpoint.url).path
    if status not in (404, 405) or path == wanted:
        return ""
    return f", {path or '/'} instead of {wanted}"
