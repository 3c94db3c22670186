"""The summary that a person reads at the end of a run, within 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from load.link import link
from load.result import LATENESS_BOUND, Outcome, Request, Result, counts, percentile
from load.scenario import ROUTES, Phase

_COUNTS = {"sent": "sent", "ok": "ok", "expected": "exp", "error": "error", "dropped": "drop", "unfinished": "unfin"}
_TIMES = {50: "p50", 90: "p90", 99: "p99", 100: "max"}


def text(result: Result) -> str:
    """Write a table for each phase, the error classes, what to keep in mind, and the traces to look at."""
    return "\n".join([*_phases(result), *_errors(result), *_remarks(result), *_telling(result)])


def _phases(result: Result) -> Iterator[str]:
    for stretch, phase in zip(result.stretches, result.plan.phases, strict=False):
        yield f"{phase.name}  {stretch.start:%H:%M:%S} to {stretch.end:%H:%M:%S} UTC, {_described(phase)}"
        yield from _table(result.of_phase(phase.name))
        for request in result.slowest(phase=phase.name):
            yield f"slowest  {link(request.trace_id or '')}"
        yield ""
    yield "p50 to max: ms from the intended time. exp: expected, as 402, 404, 409."


def _described(phase: Phase) -> str:
    pace = f"{phase.rate:g}/s" if phase.ramp_to is None else f"{phase.rate:g} to {phase.ramp_to:g}/s"
    return pace + (f", {phase.fault} on {phase.percent:g}%" if phase.fault else "")


def _table(requests: list[Request]) -> Iterator[str]:
    yield (
        f"{'':16}"
        + "".join(f"{name:>6}" for name in _COUNTS.values())
        + "".join(f"{name:>7}" for name in _TIMES.values())
    )
    for route in ROUTES:
        if found := [each for each in requests if each.arrival.route == route]:
            yield _row(route, found)
    yield _row("all", requests)


def _row(name: str, requests: list[Request]) -> str:
    number = counts(requests)
    times = [each.latency for each in requests if each.latency is not None]
    cells = "".join(f"{number[each]:>6}" for each in _COUNTS)
    return f"{name:16}{cells}" + "".join(f"{_milliseconds(percentile(times, each)):>7}" for each in _TIMES)


def _milliseconds(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if value < 1_000 else f"{value:.0f}"


def _errors(result: Result) -> Iterator[str]:
    """List the error classes, each with a trace that shows it."""
    failed = [request for request in result.requests if request.outcome is Outcome.ERROR]
    for name in sorted({request.error or "" for request in failed}):
        same = [request for request in failed if request.error == name]
        yield f"{len(same)} x {_spelt(name)}"
        for request in [each for each in same if each.trace_id][:1]:
            yield f"  first  {link(request.trace_id or '')}"


def _spelt(error: str | None) -> str:
    return f"HTTP {error}" if error and error.isdecimal() else (error or "").replace("_", " ")


def _remarks(result: Result) -> Iterator[str]:
    if result.interrupted:
        yield "Stopped early: the tables hold what was sent until then."
    if not result.traced:
        yield "Spans are not exported (OTEL_SDK_DISABLED or OTEL_TRACES_EXPORTER=none): there are no links."
    if result.unsampled:
        yield f"{result.unsampled} of {counts(result.requests)['sent']} requests were not sampled: no trace, no link."
    if result.spans.lost:
        yield f"{result.spans.lost} of the client's {result.spans.ended} spans were lost: no backend took them."
    if not result.valid:
        yield (
            f"INVALID: the generator itself was late ({result.lateness:.0f} ms at p99, {LATENESS_BOUND:.0f} allowed), "
            "so these times are its own; lower --rate or free the processor."
        )


def _telling(result: Result) -> Iterator[str]:
    for request in result.slowest():
        yield f"Slowest: {_milliseconds(request.latency)} ms, {request.arrival.route}"
        yield f"  {link(request.trace_id or '')}"
    for request in result.failed():
        yield f"First failed: {_spelt(request.error)}, {request.arrival.route}"
        yield f"  {link(request.trace_id or '')}"
