"""What is said at the end: the culprit with its evidence, or that there is none to be named, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Evidence:
    """Spans of one trace that prove it."""

    trace_id: str
    span_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to what is wrong, as docs/discovery.md has it.

    `share` is 0 to 1 of the added time or of the errors that it explains; `not_told_from` names the faults that would
    look the same; `also` holds further culprits. Without `found`, `reason` says why, and what would settle it.
    """

    found: bool
    reason: str
    service: str | None = None
    operation: str | None = None
    fault: str | None = None
    share: float | None = None
    evidence: tuple[Evidence, ...] = ()
    not_told_from: tuple[str, ...] = ()
    also: tuple[Verdict, ...] = ()
    checked: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Spell it as `tracelab find --json` does."""
        return {
            "found": self.found,
            "service": self.service,
            "operation": self.operation,
            "fault": self.fault,
            "share": self.share,
            "evidence": [{"trace_id": each.trace_id, "span_ids": list(each.span_ids)} for each in self.evidence],
            "not_told_from": list(self.not_told_from),
            "reason": self.reason,
            "also": [each.as_json() for each in self.also],
            "checked": dict(self.checked),
        }
