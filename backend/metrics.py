"""Counters for monitoring: https://prometheus.io/docs/instrumenting/exposition_formats/, the text form."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from backend.body import Room
from backend.store import Store

_MEDIA = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class _Metric:
    name: str
    kind: str  # counter or gauge
    help: str
    value: int


def metrics(request: Request) -> Response:
    """`GET /metrics`."""
    lines = []
    for each in _metrics(request.app.state.store, request.app.state.room):
        name = f"tracelab_{each.name}"
        lines += [f"# HELP {name} {each.help}", f"# TYPE {name} {each.kind}", f"{name} {each.value}"]
    return Response("\n".join(lines) + "\n", media_type=_MEDIA)


def _metrics(store: Store, room: Room) -> list[_Metric]:
    counts, now = store.counts, store.condition()
    return [
        _Metric("spans_received_total", "counter", "Spans that were taken and written to disk.", counts.received),
        _Metric("spans_refused_total", "counter", "Spans that were wrong and said so to their sender.", counts.refused),
        _Metric("spans_dropped_total", "counter", "Spans dropped for their age or the store's size.", counts.dropped),
        _Metric("batches_turned_away_total", "counter", "Requests answered with 503: try again.", counts.turned_away),
        _Metric("spans_stored", "gauge", "Spans in the store, repeats included.", now.spans),
        _Metric("store_bytes", "gauge", "Bytes of the store's file that hold something.", now.size),
        _Metric("store_bytes_limit", "gauge", "Bytes above which the oldest traces are dropped.", now.limit),
        _Metric("pending_bytes", "gauge", "Bytes of batches that are not indexed yet.", now.pending),
        _Metric("body_bytes", "gauge", "Bytes of bodies that are on their way or wait to be read.", room.taken),
    ]
