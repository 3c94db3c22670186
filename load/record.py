"""A run as JSON: one object for other programs, and the folder that a run leaves behind."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from load.errors import WrongUse
from load.link import link
from load.result import LATENESS_BOUND, Request, Result, Stretch, counts, percentile
from load.scenario import ROUTES

_TRACES = 10  # slowest and failed ones listed of each phase


def summary(result: Result) -> dict[str, Any]:
    """Give times, counts and trace ids; nothing here says what was injected, since `find` reads it."""
    return {
        "run": result.run,
        "seed": result.plan.seed,
        "target": result.target,
        "start": _written(result.stretches[0].start),
        "end": _written(result.stretches[-1].end),
        "valid": result.valid,
        "interrupted": result.interrupted,
        "lateness_ms": {"p99": _rounded(result.lateness), "bound": LATENESS_BOUND},
        "counts": {**counts(result.requests), "unsampled": result.unsampled},
        "errors": dict(Counter(request.error for request in result.requests if request.error)),
        "spans": {"ended": result.spans.ended, "delivered": result.spans.delivered, "lost": result.spans.lost},
        "phases": [_phase(result, stretch) for stretch in result.stretches],
        "slowest": next((_named(request) for request in result.slowest()), None),
        "failed": next((_named(request) for request in result.failed()), None),
    }


def prepare(folder: Path) -> None:
    """Make the folder before anything is sent; WrongUse where it cannot be, or holds a run already."""
    if (folder / "run.json").exists():
        raise WrongUse(f"{folder} holds a run already; name another folder with --out.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise WrongUse(f"{folder} cannot be written to: {error.strerror}.") from None


def write(result: Result, scenario: str, folder: Path) -> None:
    """Write run.json, which `find` may read, and injected.json, which holds the answer."""
    _dump(folder / "run.json", summary(result))
    _dump(folder / "injected.json", injected(result, scenario))


def injected(result: Result, scenario: str) -> dict[str, Any]:
    """Tell what was done on purpose, and to which requests."""
    return {
        "run": result.run,
        "seed": result.plan.seed,
        "scenario": scenario,
        "phases": [
            {"name": phase.name, "fault": phase.fault, "percent": phase.percent if phase.fault else 0}
            for phase in result.plan.phases
        ],
        "requests": [
            {
                "sequence": request.arrival.sequence,
                "route": request.arrival.route,
                "fault": request.arrival.fault,
                "outcome": request.outcome,
                "trace_id": request.trace_id,
            }
            for request in result.requests
            if request.arrival.fault is not None
        ],
    }


def _phase(result: Result, stretch: Stretch) -> dict[str, Any]:
    requests = result.of_phase(stretch.name)
    routes = [(route, [each for each in requests if each.arrival.route == route]) for route in ROUTES]
    return {
        "name": stretch.name,
        "start": _written(stretch.start),
        "end": _written(stretch.end),
        **_measured(requests),
        "routes": {route: _measured(found) for route, found in routes if found},
        "slowest": [_named(request) for request in result.slowest(_TRACES, stretch.name)],
        "failed": [_named(request) for request in result.failed(_TRACES, stretch.name)],
    }


def _measured(requests: list[Request]) -> dict[str, Any]:
    return {
        "counts": counts(requests),
        "latency_ms": _percentiles([each.latency for each in requests if each.latency is not None]),
        "service_ms": _percentiles([each.service for each in requests if each.service is not None]),
    }


def _percentiles(values: list[float]) -> dict[str, float | None]:
    names = {"p50": 50, "p90": 90, "p99": 99, "max": 100}
    return {name: _rounded(percentile(values, percent)) for name, percent in names.items()}


def _named(request: Request) -> dict[str, Any]:
    return {
        "trace_id": request.trace_id,
        "url": link(request.trace_id or ""),
        "route": request.arrival.route,
        "latency_ms": _rounded(request.latency),
        "error": request.error,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _dump(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
