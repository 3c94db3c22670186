"""What was really injected into a part of a lesson, and whether an answer names it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from discovery import document
from discovery.culprit import gather
from discovery.culprit.case import Case, Sighting
from discovery.culprit.detectors import ALL
from discovery.culprit.sample import Sample
from discovery.run_folder import read as read_run
from discovery.trace import Trace
from lab.evaluation.grade import NEXT_TO, OPERATIONS
from lab.evaluation.trial import name, service
from lab.learn.evidence import Pasted
from load.catalogue import catalogue

TRACES = "traces.json"
_MUCH = 1.5  # times the slowest healthy trace but one in twenty, above which one is slow


@dataclass(frozen=True)
class Truth:
    """One fault of one run; `folder` holds the run and its traces."""

    folder: Path
    spelt: str  # SERVICE.FAULT[:PARAM]

    @property
    def service(self) -> str:
        """Whose fault it is."""
        return service(self.spelt)

    @property
    def fault(self) -> str:
        """Which it is."""
        return name(self.spelt)

    @cached_property
    def case(self) -> Case:
        """The run's traces, sorted by its phases; what hurts others goes on hurting them when no more of it is sent."""
        case = gather.of_run(document.load(str(self.folder / TRACES)), read_run(self.folder / "run"))
        return replace(case, troubled=[*case.troubled, *case.afterwards], afterwards=()) if self._hurts_others else case

    @cached_property
    def operations(self) -> tuple[str, ...]:
        """At which of the service's operations it can be met, in small letters."""
        routes = OPERATIONS if self._hurts_others else {request["route"] for request in self._requests}
        return tuple(each for route in routes for each in OPERATIONS[route].get(self.service, ()))

    @property
    def operation(self) -> str:
        """The one of them in the most telling trace, as the traces spell it."""
        names = [span.name for span in self.trace(self.best).spans if span.service == self.service]
        return next((name for name in names if name.casefold() in self.operations), self.operations[0])

    def is_fault(self, said: str) -> bool:
        """Whether this is its name, or that of one which the same traces show."""
        return said == self.fault or said in catalogue()[self.fault].alike

    def trouble(self, pasted: Pasted) -> str:
        """Name what is wrong with a piece of evidence: unknown, healthy, no_span or elsewhere; else nothing."""
        sample = next((each for each in self._all if each.trace.trace_id == pasted.trace_id), None)
        if sample is None:
            return "unknown"
        if sample.trace.trace_id not in self._met:
            return "healthy"
        if not pasted.span_id:
            return ""
        span = sample.trace.index.get(pasted.span_id)
        if span is None:
            return "no_span"
        return "" if span.service in NEXT_TO[self.service] else "elsewhere"

    @cached_property
    def best(self) -> str:
        """The most telling trace: that of the detector, else any that met the fault."""
        telling = [trace_id for trace_id in self._signs if trace_id in self._met]
        return telling[0] if telling else min(self._met & {sample.trace.trace_id for sample in self._all})

    def trace(self, trace_id: str) -> Trace:
        """One of the run's traces."""
        return next(sample.trace for sample in self._all if sample.trace.trace_id == trace_id)

    def spans(self, trace_id: str) -> frozenset[str]:
        """The spans of a trace that show it."""
        return frozenset(span for each in self._signs.get(trace_id, ()) for span in each.spans)

    @cached_property
    def _signs(self) -> dict[str, Sequence[Sighting]]:
        """Where the fault's sign is seen, by trace, the most telling first."""
        found = ALL[self.fault](self.case) if self.fault in ALL else []
        signs = {key: value for each in found if each.service == self.service for key, value in each.sightings.items()}
        return dict(sorted(signs.items(), key=lambda item: -sum(each.time for each in item[1])))

    @cached_property
    def _met(self) -> set[str]:
        """The traces that met it: those that carried it, and of one that hurts others all that show it."""
        carried = {request["trace_id"] for request in self._requests}
        if not self._hurts_others:
            return carried
        suffered = {each.trace.trace_id for each in self.case.troubled if self._suffered(each)}
        return carried | suffered | self._signs.keys()

    def _suffered(self, sample: Sample) -> bool:
        """Whether a trace that went through the service failed, or took far longer than healthy ones of its route."""
        if self.service not in sample.trace.services:
            return False
        healthy = sorted(each.trace.duration for each in self.case.healthy if each.route == sample.route)
        return sample.failed or bool(healthy and sample.trace.duration > _MUCH * healthy[len(healthy) * 19 // 20])

    @property
    def _hurts_others(self) -> bool:
        return catalogue()[self.fault].contagious or catalogue()[self.fault].scope != "request"

    @cached_property
    def _all(self) -> tuple[Sample, ...]:
        return (*self.case.healthy, *self.case.troubled, *self.case.afterwards)

    @cached_property
    def _requests(self) -> list[dict[str, Any]]:
        injected = json.loads((self.folder / "run" / "injected.json").read_text(encoding="utf-8"))["requests"]
        return [request for request in injected if self.spelt.partition(":")[0] in request["fault"]]
