"""Where requests may go: a shop of one's own, on this machine or a private network."""

from __future__ import annotations

import socket
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from load.errors import Unreachable, WrongUse


def checked(url: str, *, owned: bool) -> str:
    """Return the address without a slash at its end.

    WrongUse where it is no plain HTTP address, or is a public one that nobody claimed (`owned`); Unreachable where
    its name is unknown.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment or parts.username:
        raise WrongUse(f"The target {url!r} is not an address such as http://127.0.0.1:8080.")
    if not owned and not all(_own(address) for address in _addresses(host, port)):
        raise WrongUse(
            f"The target {host} is neither this machine nor in a private network; "
            "add --i-own-this-target if the shop there is yours to load."
        )
    return url.rstrip("/")


def unreachable(url: str, reason: str) -> Unreachable:
    """Say that no shop answers, and what to do."""
    return Unreachable(f"No shop at {url}: {reason}; start one with tracelab up, or name another with --target URL.")


def _addresses(host: str, port: int | None) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise unreachable(host, "the name is unknown") from None


def _own(address: str) -> bool:
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:  # ::ffff:8.8.8.8 is 8.8.8.8, though called private
        parsed = parsed.ipv4_mapped
    return parsed.is_loopback or parsed.is_private
