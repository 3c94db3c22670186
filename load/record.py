"""A run as JSON: one object for other programs, and the folder that a run leaves behind."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from load import interval_log, page
from load.errors import WrongUse
from load.figures import Part, Tally
from load.judgement import Judgement
from load.link import link
from load.result import LATENESS_BOUND, Request, failed, percentile, slowest
from load.review import Review
from load.scenario import Phase
from load.threshold import PERCENTILES

_TRACES = 10  # slowest and failed ones listed of each phase


def summary(review: Review) -> dict[str, Any]:
    """Give times, counts, thresholds and trace ids; nothing here says what was injected, since `find` reads it."""
    result, whole = review.result, review.figures.whole
    return {
        "run": result.run,
        "seed": result.plan.seed,
        "target": result.target,
        "start": _written(whole.start),
        "end": _written(whole.end),
        "valid": result.valid,
        "interrupted": result.interrupted,
        "lateness_ms": {"p99": _rounded(result.lateness), "bound": LATENESS_BOUND},
        "counts": {**whole.total.counts, "unsampled": result.unsampled},
        "errors": _errors(whole.total),
        "spans": {"ended": result.spans.ended, "delivered": result.spans.delivered, "lost": result.spans.lost},
        "thresholds": [_threshold(judgement) for judgement in review.judgements],
        "phases": [_phase(phase, part) for phase, part in review.figures.phases],
        "slowest": next(map(_named, slowest(result.requests)), None),
        "failed": next(map(_named, failed(result.requests)), None),
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


def write(review: Review, folder: Path) -> None:
    """Write run.json, which `find` may read, injected.json, which holds the answer, latency.hdr and report.html.

    WrongUse where the disk takes one of them no more.
    """
    try:
        _dump(folder / "run.json", summary(review))
        _dump(folder / "injected.json", injected(review))
        (folder / "latency.hdr").write_text(interval_log.text(review.figures), encoding="ascii", newline="\n")
        (folder / "report.html").write_text(page.text(review), encoding="utf-8")
    except OSError as error:
        raise WrongUse(f"The run could not be written to {folder}: {error.strerror}.") from None


def injected(review: Review) -> dict[str, Any]:
    """Tell what was done on purpose, and to which requests."""
    plan = review.result.plan
    return {
        "run": review.result.run,
        "seed": plan.seed,
        "scenario": review.scenario,
        "phases": [
            {
                "name": phase.name,
                "fault": phase.fault,
                "percent": phase.percent if phase.fault else 0,
                "sampled": phase.sampled,
            }
            for phase in plan.phases
        ],
        "requests": [
            {
                "sequence": request.arrival.sequence,
                "route": request.arrival.route,
                "fault": request.arrival.fault,
                "outcome": request.outcome,
                "trace_id": request.trace_id,
            }
            for request in review.result.requests
            if request.arrival.fault is not None
        ],
    }


def _phase(phase: Phase, part: Part) -> dict[str, Any]:
    return {
        "name": phase.name,
        "start": _written(part.start),
        "end": _written(part.end),
        "lateness_ms": {"p99": _rounded(percentile(part.total.late, 99))},
        **_measured(part.total),
        "errors": _errors(part.total),
        "routes": {route: _measured(tally) for route, tally in part.routes.items()},
        "slowest": list(map(_named, slowest(part.total.requests, _TRACES))),
        "failed": list(map(_named, failed(part.total.requests, _TRACES))),
    }


def _measured(tally: Tally) -> dict[str, Any]:
    return {
        "counts": tally.counts,
        "latency_ms": {name: _rounded(percentile(tally.latency, each)) for name, each in PERCENTILES.items()},
        "service_ms": {name: _rounded(percentile(tally.service, each)) for name, each in PERCENTILES.items()},
    }


def _errors(tally: Tally) -> dict[str, int]:
    return dict(Counter(request.error for request in tally.requests if request.error))


def _threshold(judgement: Judgement) -> dict[str, Any]:
    wanted = judgement.threshold
    return {
        "phase": judgement.phase,
        "route": wanted.route,
        "expression": wanted.expression,
        "measured": _rounded(judgement.measured),
        "unit": wanted.unit,
        "passed": judgement.passed,
    }


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
