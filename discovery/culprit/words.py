"""Verdicts in words that a learner understands."""

from __future__ import annotations

from collections import Counter
from statistics import median

from discovery.culprit.case import Case, Suspicion
from discovery.duration import spelled

_ALIKE = 1.15  # times slower, from which it is worth a word


def reason(each: Suspicion, operation: str, share: float, measure: str) -> str:
    """Say where, what, how often compared with healthy traces, and how likely that is an accident."""
    hits, of = each.troubled
    before, of_before = each.healthy
    times = each.times.values()
    more = f", by {spelled(int(median(times)))} each (median)" if any(times) else ""
    often = f"Seen in {hits} of {of} traces of the time of trouble{more}, and in {before} of {of_before} healthy ones"
    return f"{each.service}, {operation}: {each.because}. {often}{_sure(each)}. It explains {share:.0%} {measure}."


def _sure(each: Suspicion) -> str:
    if each.chance >= 0.01:
        return ""
    return f" (chance: {'less than 1 in 10,000' if each.chance < 1e-4 else f'1 in {round(1 / each.chance):,}'})"


def nothing(case: Case, fewest: int) -> str:
    """Say why nobody is named, and what would help."""
    together = len(case.healthy) + len(case.troubled)
    if together < fewest:
        there = "There is 1 trace" if together == 1 else f"There are {together or 'no'} traces"
        return (
            f"{there}, and {fewest} are the fewest that tell anything: run for longer, or look further back (--since)."
        )
    return " ".join([*_said(case), "What the traces do not show, logs, metrics or a longer run may."])


def _said(case: Case) -> list[str]:
    compared = f"{len(case.troubled)} traces were compared with {len(case.healthy)} healthy ones:"
    failed = sum(sample.failed for sample in case.troubled)
    refused = Counter(sample.status for sample in case.troubled if 400 <= sample.status < 500)
    said = [f"{compared} no fault of the kinds known here stands out."]
    if case.counts and case.counts.errors > 2 * failed + 2:
        said.append(
            f"The load counted {case.counts.errors} errors, and {failed} of them have a trace: "
            "sample more, then ask again."
        )
    elif failed:
        said.append(f"{failed} failed, and they have nothing in common that healthy ones lack.")
    if refused:
        told = ", ".join(f"{count} with {status}" for status, count in refused.most_common())
        said.append(f"Some were refused ({told}): that is business, not an error.")
    slower = slowdown(case)
    if slower > _ALIKE:
        said.append(f"All became slower alike, by a factor of {slower:.1f}: a busy machine rather than a culprit.")
    return said


def slowdown(case: Case) -> float:
    """How many times longer a typical trace took than a healthy one of its route; 1 where that cannot be told."""
    ratios = [
        sample.trace.duration / typical
        for sample in case.troubled
        if (typical := case.usual.duration(sample.route).typical)
    ]
    return median(ratios) if ratios else 1.0
