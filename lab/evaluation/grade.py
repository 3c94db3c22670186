"""Whether a verdict is right, by what was really injected, and what two plain rules of thumb would have said."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from discovery.culprit.case import Case
from discovery.culprit.verdict import Verdict
from discovery.self_time import self_times
from lab.evaluation.trial import Trial, name, service
from lab.options import SERVICES
from load.catalogue import catalogue

# Where a fault of a service can be met, by the route at the gateway.
OPERATIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "POST /orders": {
        "gateway": ("post /orders",),
        "order": ("post /orders",),
        "payment": ("post /payments", "post /payments/{payment}/capture"),
        "inventory": ("post /reservations",),
    },
    "GET /orders/{id}": {
        "gateway": ("get /orders/{order}",),
        "order": ("get /orders/{order}",),
        "payment": ("get /payments/{payment}",),
    },
    "GET /products": {"gateway": ("get /products",), "inventory": ("get /products",)},
}


# A span that is missing can only be shown by those next to it.
NEXT_TO = {
    "gateway": ("client", "gateway", "order", "payment", "inventory"),
    "order": ("gateway", "order", "payment", "inventory"),
    "payment": ("gateway", "order", "payment"),
    "inventory": ("gateway", "order", "inventory"),
}


@dataclass(frozen=True, slots=True)
class Grade:
    """One trial's outcome. `truth` and `said` are SERVICE.FAULT, nothing where there was nothing or none was named.

    `right` says of service, operation, fault and evidence whether the verdict had them, empty for a healthy trial.
    `valid` is false where the load itself was late. `longest` and `reddest` are the services that two rules of thumb
    name: the longest self time, the most red spans.
    """

    seed: int
    truth: tuple[str, ...]
    said: str
    also: tuple[str, ...]
    right: dict[str, bool]
    longest: str
    reddest: str
    valid: bool
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Make it JSON."""
        return asdict(self)


def grade(trial: Trial, verdict: Verdict, case: Case, run: Path) -> Grade:
    """Compare a verdict with what was injected."""
    truth = () if trial.is_healthy else tuple(f"{service(fault)}.{name(fault)}" for fault in trial.faults)
    said = f"{verdict.service}.{verdict.fault}" if verdict.found else ""
    traces = [sample.trace for sample in case.troubled]
    self_by_service: Counter[str] = Counter()
    red: Counter[str] = Counter()
    for trace in traces:
        own = self_times(trace)
        for span in trace.spans:
            self_by_service[span.service] += own[span.span_id] * (span.service in SERVICES)
            red[span.service] += span.error and span.service in SERVICES
    return Grade(
        seed=trial.seed,
        truth=truth,
        said=said,
        also=tuple(f"{each.service}.{each.fault}" for each in verdict.also),
        right=_right(truth, verdict, case, run) if truth else {},
        longest=_first(self_by_service),
        reddest=_first(red),
        valid=json.loads((run / "run.json").read_text(encoding="utf-8"))["valid"],
        reason=verdict.reason,
    )


def _right(truth: tuple[str, ...], verdict: Verdict, case: Case, run: Path) -> dict[str, bool]:
    """With two faults at once, either is right for the verdict; the other one belongs to `also`."""
    injected = json.loads((run / "injected.json").read_text(encoding="utf-8"))["requests"]
    grades = [_against(each, verdict, case, injected) for each in truth]
    return max(grades, key=lambda each: sum(each.values()))


def _against(fault: str, verdict: Verdict, case: Case, injected: list[dict[str, Any]]) -> dict[str, bool]:
    where, what = service(fault), name(fault)
    right_service = verdict.found and verdict.service == where
    named = verdict.fault == what or (what in verdict.not_told_from and verdict.fault in catalogue()[what].alike)
    anybody = catalogue()[what].contagious or catalogue()[what].scope == "start"
    routes = OPERATIONS if anybody else {request["route"] for request in injected}
    operations = {each for route in routes for each in OPERATIONS[route].get(where, ())}
    return {
        "service": right_service,
        "operation": right_service and (verdict.operation or "").casefold() in operations,
        "fault": right_service and named,
        "evidence": right_service and _proven(where, what, verdict, case, injected),
    }


def _proven(where: str, what: str, verdict: Verdict, case: Case, injected: list[dict[str, Any]]) -> bool:
    """Every trace of the evidence met the fault, and its spans are the service's or of those next to it.

    A fault that is contagious, or that the shop was started with, may be met by any request of its time.
    """
    met = {request["trace_id"] for request in injected}
    anybody = catalogue()[what].contagious or catalogue()[what].scope != "request"
    troubled = {sample.trace.trace_id: sample for sample in case.troubled}
    for evidence in verdict.evidence:
        sample = troubled.get(evidence.trace_id)
        if sample is None or not (anybody or evidence.trace_id in met):
            return False
        spans = [sample.trace.index[span] for span in evidence.span_ids if span in sample.trace.index]
        if not any(span.service in NEXT_TO[where] for span in spans):
            return False
    return bool(verdict.evidence)


def _first(counted: Counter[str]) -> str:
    return counted.most_common(1)[0][0] if counted and counted.most_common(1)[0][1] else ""
