"""Checks what a learner found against what was really injected, part by part; and tells the right answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from lab.learn import evidence
from lab.learn.answers import FOUND
from lab.learn.remark import Remark
from lab.learn.truth import Truth
from lab.learn.words import Words
from lab.options import SERVICES
from load.catalogue import catalogue

_LOOSE = str.maketrans(dict.fromkeys("`\"'", " "))


def check(truths: Mapping[str, Truth], answers: Mapping[str, str], words: Words) -> Iterator[Remark]:
    """Say of each answer what was seen and, where it is not right, what was wanted; not which the right one is."""
    for part, truth in truths.items():
        prefix, where = (f"{part}.", f"{part}: ") if len(truths) > 1 else ("", "")
        for key in FOUND:
            said = answers.get(prefix + key, "")
            remark = _JUDGES[key](truth, said, words) if said else Remark(fine=False, text=words(f"{key}_missing"))
            yield Remark(remark.fine, where + remark.text)


def solve(truths: Mapping[str, Truth]) -> dict[str, str]:
    """The right answers, with one of the traces that prove it."""
    found: dict[str, str] = {}
    for part, truth in truths.items():
        right = (truth.service, truth.operation, truth.fault, truth.best)
        prefix = f"{part}." if len(truths) > 1 else ""
        found |= {prefix + key: value for key, value in zip(FOUND, right, strict=True)}
    return found


def _service(truth: Truth, said: str, words: Words) -> Remark:
    if said.casefold() not in SERVICES:
        return Remark(fine=False, text=words("service_unknown", said=said, known=", ".join(SERVICES)))
    right = said.casefold() == truth.service
    return Remark(right, words("service_right" if right else "service_wrong", said=said))


def _operation(truth: Truth, said: str, words: Words) -> Remark:
    spoken = " ".join(said.translate(_LOOSE).casefold().split()).removeprefix(f"{truth.service} ")
    right = spoken in truth.operations
    return Remark(right, words("operation_right" if right else "operation_wrong", said=said))


def _fault(truth: Truth, said: str, words: Words) -> Remark:
    spoken = said.casefold().strip().replace(" ", "-").replace("_", "-").rpartition(".")[2].partition(":")[0]
    if spoken not in catalogue():
        close = ", ".join(get_close_matches(spoken, catalogue(), 3)) or "tracelab faults"
        return Remark(fine=False, text=words("fault_unknown", said=said, close=close))
    right = truth.is_fault(spoken)
    return Remark(right, words("fault_right" if right else "fault_wrong", said=said))


def _evidence(truth: Truth, said: str, words: Words) -> Remark:
    pasted = evidence.read(said)
    if pasted is None:
        return Remark(fine=False, text=words("evidence_unreadable", said=said[:60]))
    trouble = truth.trouble(pasted)
    told = {"trace": pasted.trace_id, "span": pasted.span_id}
    return Remark(not trouble, words(f"evidence_{trouble}" if trouble else "evidence_right", **told))


_JUDGES = {"service": _service, "operation": _operation, "fault": _fault, "evidence": _evidence}
