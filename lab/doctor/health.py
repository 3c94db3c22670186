"""What each process of the shop says of its own tracing, at /healthz."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import msgspec

from lab import plan
from lab.doctor.ask import NoAnswer, ask
from lab.options import SERVICES

_PATIENCE = 2.0


class Spans(msgspec.Struct, frozen=True):
    """A process's spans since its start: ended = delivered + lost + those on their way."""

    ended: int
    delivered: int
    lost: int

    @property
    def waiting(self) -> int:
        """Those on their way."""
        return self.ended - self.delivered - self.lost

    def since(self, earlier: Spans) -> Spans:
        """What was added after an earlier look."""
        return Spans(self.ended - earlier.ended, self.delivered - earlier.delivered, self.lost - earlier.lost)


class Setup(msgspec.Struct, frozen=True):
    """How a process is traced; no sampler where no SDK is at work."""

    sampler: str | None
    exporters: int


class Health(msgspec.Struct, frozen=True):
    """What a service says at /healthz."""

    spans: Spans
    tracing: Setup

    @property
    def sends(self) -> bool:
        """Whether spans are made, and handed to an exporter."""
        return self.tracing.sampler is not None and self.tracing.exporters > 0


def addresses(target: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Each process of the shop: by the variables that name them, else beside the gateway, on the usual ports."""
    found = {"gateway": target}
    gateway = urlsplit(target)
    offset = (gateway.port or 80) - plan.PORTS["gateway"]
    for name in SERVICES[1:]:
        beside = f"{gateway.scheme}://{gateway.hostname}:{plan.PORTS[name] + offset}"
        replicas = dict.fromkeys((environment.get(f"{name.upper()}_URLS") or beside).split(","))
        found |= {name if number == 1 else f"{name}-{number}": url for number, url in enumerate(replicas, 1)}
    return found


def service(process: str) -> str:
    """Which service a process is: payment of payment-2."""
    return process.partition("-")[0]


def of_all(addresses: Mapping[str, str]) -> dict[str, Health | str]:
    """Ask all at once; a str says why one has not told."""
    with ThreadPoolExecutor(len(addresses)) as several:
        return dict(zip(addresses, several.map(_health, addresses.values()), strict=True))


def _health(url: str) -> Health | str:
    try:
        return msgspec.json.decode(ask(f"{url}/healthz", seconds=_PATIENCE).body, type=Health)
    except NoAnswer as error:
        return f"{url} {error}"
    except msgspec.DecodeError:
        return f"{url}/healthz does not say what one of the shop's services says"
