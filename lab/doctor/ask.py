"""Asks a server one thing, within a time, and says in plain words why there is no answer."""

from __future__ import annotations

import http.client
import queue
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

Value = TypeVar("Value")

_DIRECT = urllib.request.ProxyHandler({})


class Cause(StrEnum):
    """Why there is no answer."""

    NO_ADDRESS = "is no address of a server: expected one such as http://127.0.0.1:4318"
    REFUSED = "refuses the connection: nothing listens there"
    SILENT = "takes the connection and does not answer in time: it is frozen, or has too much to do"
    UNKNOWN_HOST = "has a host name that nobody here knows"
    NOT_TLS = "does not speak TLS: its address begins with http://, not https://"
    UNTRUSTED = "has a certificate that is not trusted here: OTEL_EXPORTER_OTLP_CERTIFICATE names its authority's file"
    NOT_HTTP = "does not speak HTTP/1.1"
    BROKEN = "breaks the connection off"


class NoAnswer(Exception):
    """Nothing that is an answer came back."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered; the names of headers in small letters."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirection is an answer like any other: exporters do not follow one with their spans."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


def ask(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    seconds: float,
    proxied: bool = False,
) -> Reply:
    """Ask once, past any proxy unless `proxied`; NoAnswer where nothing came back within so many seconds."""
    if not is_address(url):
        raise NoAnswer(Cause.NO_ADDRESS)
    proxies = urllib.request.ProxyHandler() if proxied else _DIRECT
    opener = urllib.request.build_opener(proxies, _NoRedirect)
    request = urllib.request.Request(url, body, dict(headers or {}), method=method)  # noqa: S310 - http or https

    def answered() -> Reply:
        try:
            with opener.open(request, timeout=seconds) as response:
                return Reply(response.status, response.read(), _small(response.headers))
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Reply(refusal.code, refusal.read(), _small(refusal.headers))

    try:
        return within(seconds, answered)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(_cause(error)) from error


def is_address(url: str) -> bool:
    """Whether it names a server that speaks HTTP."""
    try:
        address = urlsplit(url)
        return (
            address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0 and url.isprintable()
        )
    except ValueError:
        return False


def within(seconds: float, do: Callable[[], Value]) -> Value:
    """Return what a function returns, or raise what it raises; TimeoutError after so many seconds.

    A socket's timeout bounds each read alone, and the look-up of a host name not at all. What comes too late is left to
    itself.
    """
    done: queue.SimpleQueue[tuple[Value | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put((do(), None))
        except Exception as error:  # it is the caller's
            done.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        value, error = done.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return value  # type: ignore[return-value]  # None only where the function returned it


def _small(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _cause(error: Exception) -> Cause:
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return Cause.SILENT
    if isinstance(reason, ConnectionRefusedError):
        return Cause.REFUSED
    if isinstance(reason, socket.gaierror):
        return Cause.UNKNOWN_HOST
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Cause.UNTRUSTED
    if isinstance(reason, ssl.SSLError):
        return Cause.NOT_TLS
    if isinstance(reason, OSError):  # http.client's RemoteDisconnected among them
        return Cause.BROKEN
    return Cause.NOT_HTTP
