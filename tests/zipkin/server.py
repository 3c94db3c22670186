"""A server of either make, and what is sent to it: ids, names and times of this run only, so that it may hold more."""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from tests.backend.running import Answer, ask

RUN = secrets.token_hex(4).replace("0", "a")  # an id that begins with it has no zeros in front
BASE = time.time_ns() // 1_000_000 - random.randrange(3_600_000, 40_000_000)  # milliseconds since the epoch
REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Server:
    """Where the API is, and whose it is."""

    url: str
    is_ours: bool

    def ask(self, path: str, **options: Any) -> Answer:
        """Send a request to a path."""
        return ask(self.url + path, **options)

    def post(self, spans: Any) -> Answer:
        """Send spans as JSON."""
        body = spans if isinstance(spans, bytes) else json.dumps(spans).encode()
        return self.ask("/api/v2/spans", body=body, content_type="application/json")

    def keep(self, spans: Sequence[dict[str, Any]]) -> None:
        """Send spans that are in order, and wait until they can be read: Zipkin answers before it has stored them.

        One span more, which no search finds, tells when.
        """
        last = unique(secrets.token_hex(8))
        answer = self.post([*spans, {"traceId": last, "id": last}])
        assert (answer.status, answer.text) == (202, "")
        self.trace(last)

    def trace(self, trace_id: str) -> Any:
        """Return the spans of a trace, as soon as it is there."""
        give_up = time.monotonic() + 10
        while (found := self.ask(f"/api/v2/trace/{trace_id}")).status == 404 and time.monotonic() < give_up:
            time.sleep(0.01)
        return found.json


def unique(name: str) -> str:
    """Return 16 hexadecimal digits that are a name's in this run alone."""
    return f"{RUN}{crc32(name.encode()):08x}"


def span(trace_id: str, **changes: Any) -> dict[str, Any]:
    """Make a plain span; a change to `...` takes a field out."""
    plain = {
        "traceId": trace_id,
        "id": "000000000000000a",
        "timestamp": BASE * 1000,
        "duration": 1000,
        "localEndpoint": {"serviceName": "shop"},
    }
    return {name: value for name, value in (plain | changes).items() if value is not ...}


def in_order(spans: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort spans: in which order a trace's are given back is promised nowhere."""
    return sorted(spans, key=lambda each: json.dumps(each, sort_keys=True))
