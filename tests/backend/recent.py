"""Traces that began a while ago, as Zipkin's senders spell them: what a search over the last hour is asked for."""

from __future__ import annotations

import time
from typing import Any

EVIL = "<img src=x onerror=alert(1)><script>alert(1)</script>'\""


def span(trace: str, number: int, parent: int | None, service: str, name: str, **more: Any) -> dict[str, Any]:
    """Make a span that began `ago` seconds ago (0 where not given) and took `took` microseconds (1,000)."""
    began = int((time.time() - more.pop("ago", 0)) * 1_000_000)
    made = {
        "traceId": trace,
        "id": f"{number:x}",
        "name": name,
        "timestamp": began,
        "duration": more.pop("took", 1_000),
    }
    made |= {"localEndpoint": {"serviceName": service}}
    return made | ({} if parent is None else {"parentId": f"{parent:x}"}) | more


def calls(trace: str, *services: str, **more: Any) -> list[dict[str, Any]]:
    """Make a trace in which each service's server span calls the next one's."""
    return [
        span(trace, number, number - 1 or None, service, f"work of {service}", kind="SERVER", **more)
        for number, service in enumerate(services, 1)
    ]


def several() -> list[dict[str, Any]]:
    """Four traces: an order that fails, a short read, a long one three hours ago, and one full of markup."""
    failed = {"http.response.status_code": "503", "error": "lock and wait"}
    card = {"remoteEndpoint": {"serviceName": "payment"}}
    return [
        span("a1", 1, None, "gateway", "post /orders", kind="SERVER", ago=300, took=200_000),
        span("a1", 2, 1, "order", "create", kind="SERVER", ago=300, took=150_000, tags=failed),
        span("a1", 3, 2, "order", "pay", kind="CLIENT", ago=300, took=90_000, **card),
        span("b2", 1, None, "gateway", "get /products", kind="SERVER", ago=120, took=5_000),
        span("b2", 2, 1, "inventory", "read", kind="SERVER", ago=120, took=2_000, tags={"cached": "yes"}),
        span("c3", 1, None, "batch", "nightly", ago=3 * 3600, took=3_000_000),
        span("e4", 1, None, EVIL, EVIL, ago=60, took=20_000, tags={EVIL: EVIL}),
    ]
