"""The summary that a person reads at the end of a run, within 80 columns but for links."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from load import wording
from load.figures import Part, Tally
from load.link import link
from load.result import Request, failed, percentile, slowest
from load.review import Review
from load.scenario import Phase
from load.wording import TIMES, milliseconds

_COUNTS = {"sent": "sent", "ok": "ok", "expected": "exp", "error": "error", "dropped": "drop", "unfinished": "unfin"}
_WIDTH = 79


def text(review: Review) -> str:
    """Write tables for each phase, the thresholds, what to keep in mind, and the traces to look at."""
    phases = [line for phase, part in review.figures.phases for line in _phase(phase, part)]
    remarks = [line for remark in wording.remarks(review) for line in textwrap.wrap(remark, _WIDTH)]
    return "\n".join([*phases, wording.LEGEND, "", *_thresholds(review), *remarks, *_telling(review)])


def _phase(phase: Phase, part: Part) -> Iterator[str]:
    told = ", ".join(filter(None, (wording.pace(phase), wording.injected(phase))))
    yield textwrap.fill(f"{phase.name}  {part.start:%H:%M:%S} to {part.end:%H:%M:%S} UTC, {told}", _WIDTH)
    yield f"{'':16}" + "".join(f"{name:>6}" for name in _COUNTS.values()) + "".join(f"{name:>7}" for name in TIMES)
    for route, tally in part.routes.items():
        yield _row(route, tally)
    yield _row("all", part.total)
    yield from _slowest(part)
    yield from _errors(part.total)
    yield ""


def _row(name: str, tally: Tally) -> str:
    counts = "".join(f"{tally.counts[each]:>6}" for each in _COUNTS)
    times = (milliseconds(percentile(tally.latency, each)) for each in TIMES.values())
    return f"{name:16}{counts}" + "".join(f"{each:>7}" for each in times)


def _slowest(part: Part) -> Iterator[str]:
    """Link to the slowest request of each route."""
    found = [request for tally in part.routes.values() for request in slowest(tally.requests)]
    if found:
        yield "slowest of each"
    for request in found:
        yield f"{request.arrival.route:16} {_link(request)}"


def _errors(tally: Tally) -> Iterator[str]:
    """List the error classes, each with the first trace that shows it."""
    for error, route, requests in wording.error_classes(tally):
        yield f"{len(requests)} x {error}, {route}"
        yield from (f"{'first':16} {_link(request)}" for request in failed(requests))


def _thresholds(review: Review) -> Iterator[str]:
    if not review.judgements:
        return
    yield f"{'Thresholds':32}measured"
    for judgement in review.judgements:
        word = "ok" if judgement.passed else "FAILED"
        expression, measured = judgement.threshold.expression, wording.measured(judgement)
        yield f"  {word:7}{expression:20}{measured:>11}  {wording.scope(judgement)}"
    yield ""


def _telling(review: Review) -> Iterator[str]:
    requests = review.result.requests
    for request in slowest(requests):
        yield f"Slowest: {milliseconds(request.latency)} ms, {request.arrival.route}\n  {_link(request)}"
    for request in failed(requests):
        yield f"First failed: {wording.error(request.error)}, {request.arrival.route}\n  {_link(request)}"


def _link(request: Request) -> str:
    return link(request.trace_id or "")
