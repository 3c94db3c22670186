"""What a service is told from outside, by environment variables only. The names are listed in docs/settings.md."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """One service's settings; every field has a default that works on a laptop."""

    database_url: str
    faults: bool
    catalogue: Path | None  # the faults that the control page offers
    standing: str  # faults that every request of this process meets, spelt as in a request's baggage
    budget: float  # seconds a request may take where it brings no budget, and the most it may bring
    body_limit: int  # bytes
    in_flight_limit: int  # requests served at once; past it 429
    pool_size: int  # database connections
    hosts: frozenset[str]  # host names served beside the loopback ones
    trace_url: str  # link to a trace for people, with {trace_id} in it
    environment: Mapping[str, str]

    def urls(self, peer: str, port: int) -> tuple[str, ...]:
        """The base addresses of another service: `PEER_URLS`, a comma list whose members take turns."""
        text = self.environment.get(f"{peer.upper()}_URLS", f"http://127.0.0.1:{port}")
        return tuple(url.strip().rstrip("/") for url in text.split(",") if url.strip())


def read(service: str, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of a service; a number that is none raises ValueError with the variable's name."""
    env = os.environ if environment is None else environment
    hosts = env.get("TRACELAB_HOSTS", "")
    catalogue = env.get("TRACELAB_CATALOGUE", "").strip()
    return Settings(
        database_url=env.get("DATABASE_URL", f"sqlite+aiosqlite:///.tracelab/data/{service}.db"),
        faults=env.get("TRACELAB_FAULTS", "off").lower() == "on",
        catalogue=Path(catalogue) if catalogue else None,
        standing=env.get("TRACELAB_STANDING_FAULTS", "").strip(),
        budget=_number(env, "TRACELAB_BUDGET_MS", 10_000) / 1000,
        body_limit=_number(env, "TRACELAB_BODY_LIMIT", 64 * 1024),
        in_flight_limit=_number(env, "TRACELAB_IN_FLIGHT_LIMIT", 512),
        pool_size=_number(env, "TRACELAB_POOL_SIZE", 8),
        hosts=frozenset(host.strip().lower() for host in hosts.split(",") if host.strip()),
        trace_url=env.get("TRACELAB_TRACE_URL", "http://127.0.0.1:9411/trace/{trace_id}"),
        environment=env,
    )


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{name} is {text!r}, but must be a whole number above 0.")
    return int(text)
