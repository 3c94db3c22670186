"""Traces made up for the page: one that fails, one that is odd, one that is long."""

from __future__ import annotations

from typing import Any

START = 1_790_000_000_000_000
SERVICES = ("gateway", "order", "payment", "inventory", "결제", "shipping", "mail")


def span(number: int, parent: int | None, start: int, duration: int, **more: Any) -> dict[str, Any]:
    """Make a span in Zipkin's form; times in microseconds from START."""
    made = {
        "traceId": "abc",
        "id": f"{number:016x}",
        "name": f"op {number}",
        "timestamp": START + start,
        "duration": duration,
        "localEndpoint": {"serviceName": SERVICES[number % len(SERVICES)]},
        **more,
    }
    return made if parent is None else made | {"parentId": f"{parent:016x}"}


def long(spans: int, tags: int = 15, trace_id: str = "10000") -> list[dict[str, Any]]:
    """Make a trace of so many spans, nine children to a parent, each tag some 20 letters; one span in 100 failed."""
    pairs = {f"app.attribute.{number}": f"value {number} of the span" for number in range(tags)}
    made = []
    for number in range(1, spans + 1):
        parent = None if number == 1 else (number + 7) // 9
        failed = {"error": "timed out"} if number % 100 == 0 else {}
        start, duration = number * 7, max(1, (spans - number) * 11)
        made.append(span(number, parent, start, duration, traceId=trace_id, tags=pairs | failed))
    return made
