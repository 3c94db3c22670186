"""A verdict for a reader of a terminal: who, why, the best example drawn, and where to look on."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from statistics import median

from rich.console import Console
from rich.text import Text

from discovery import terminal
from discovery.culprit.account import Part
from discovery.culprit.case import Case
from discovery.culprit.detectors import FAILING, fault_of
from discovery.culprit.sample import Sample
from discovery.culprit.verdict import Verdict
from discovery.duration import spelled
from discovery.waterfall import Waterfall

_ROWS = 4  # of the places that took time
_NEXT = 3  # further suspicions that are worth a line,
_UNLIKELY = 0.05  # where they are unlikely to be an accident


_WAITED = {
    Part.LEAD: "itself",
    Part.WORK: "itself",
    Part.HELD: "itself, locked",
    Part.READING: "its reader",
    Part.STATEMENT: "a statement",
    Part.LOCK: "a lock",
    Part.CALL: "somebody else",
    Part.WIRE: "the network",
    Part.LOOP: "event loop",
    Part.THREAD: "a thread",
    Part.POOL: "a connection",
    Part.GIVEN_UP: "nothing",
}


Page = Callable[[str], str]  # a trace's address for people, by its id


def tell(verdict: Verdict, case: Case, page: Page | None) -> None:
    """Print a verdict to standard output, with links where there is a page for each trace."""
    console = Console(file=sys.stdout)
    for text in (verdict, *verdict.also):
        _say(console, _headline(text), bold=True)
        _say(console, text.reason, indent=3)
        console.print()
    if verdict.found:
        _show(console, verdict, case, page)
    if verdict.fault in [fault_of(detector) for detector in FAILING]:
        _origins(console, verdict)
    else:
        _table(console, verdict)
    for line in _besides(verdict, case):
        _say(console, line)


def _origins(console: Console, verdict: Verdict) -> None:
    """List where errors began."""
    for row in verdict.checked.get("errors", ())[:_ROWS]:
        traces = "1 trace" if row["traces"] == 1 else f"{row['traces']} traces"
        _say(console, f"errors began in {row['service']} {row['operation']}: {traces}")
    console.print()


def _table(console: Console, verdict: Verdict) -> None:
    """List the places that took most of what was added, for readers who want to judge for themselves."""
    rows = verdict.checked.get("added", ())[:_ROWS]
    if not rows:
        return
    _say(console, f"{'time added, by place':36}{'waiting for':>14}{'in all':>9}{'traces':>11}{'share':>7}")
    for row in rows:
        place = terminal.column(f"{row['service']} {row['operation']}", 35)
        hits, of = row["traces"]
        figures = f"{spelled(1000 * row['added_ms'], 'u'):>9}{f'{hits}/{of}':>11}{row['share']:>7.0%}"
        console.print(Text(f"{place:36}{_WAITED[row['part']]:>14}{figures}"))
    console.print()


def _example(verdict: Verdict, case: Case) -> Sample | None:
    """The trace that shows it best."""
    wanted = verdict.evidence[0].trace_id if verdict.evidence else None
    return next((sample for sample in case.troubled if sample.trace.trace_id == wanted), None)


def _healthy(like: Sample, case: Case) -> list[Sample]:
    """The healthy traces of the same route, the quickest first."""
    same = (each for each in case.healthy if each.route == like.route)
    return sorted(same, key=lambda each: each.trace.duration)


def _headline(verdict: Verdict) -> str:
    if not verdict.found:
        return "No culprit is named."
    return f"=> {verdict.service}: {verdict.fault} in {verdict.operation}"


def _show(console: Console, verdict: Verdict, case: Case, page: Page | None) -> None:
    best = _example(verdict, case)
    if best is None:
        return
    spans = frozenset(verdict.evidence[0].span_ids)
    console.print(Waterfall(best.trace, evidence=spans), crop=False)
    for shift in best.shifts:
        _say(console, str(shift))
    healthy = _healthy(best, case)
    _say(console, _difference(best, healthy))
    if page:
        _link(console, "this trace", page(best.trace.trace_id))
        if healthy:
            _link(console, "a healthy one", page(healthy[len(healthy) // 2].trace.trace_id))
    console.print()


def _difference(best: Sample, healthy: Sequence[Sample]) -> str:
    """Say how healthy traces of the same route differ from the best of the evidence."""
    if not healthy:
        return f"There is no healthy trace of {best.route} to compare with."
    usual = median(sample.trace.duration for sample in healthy)
    spans = median(len(sample.trace.spans) for sample in healthy)
    red = sum(sample.trace.errors > 0 for sample in healthy)
    return (
        f"Healthy traces of {best.route} ({len(healthy)} of them): {spelled(usual)} and {spans:.0f} spans at the "
        f"median, {red or 'none'} with an error; this one: {spelled(best.trace.duration)}, "
        f"{len(best.trace.spans)} spans, {best.trace.errors or 'none'} red."
    )


def _besides(verdict: Verdict, case: Case) -> Iterator[str]:
    for each in verdict.checked.get("follows", ())[:_NEXT]:
        hits, elsewhere = ("{} of {}".format(*each[key]) for key in ("hits", "elsewhere"))
        yield f"It follows {each['tag']}={each['value']}: {hits} there are hit, and {elsewhere} elsewhere."
    if verdict.not_told_from:
        yield f"From the traces this cannot be told from: {', '.join(verdict.not_told_from)}."
    if verdict.checked.get("faults"):
        kinds, troubled = len(verdict.checked["faults"]), len(case.troubled)
        yield f"Checked: {kinds} kinds of fault in {troubled} traces against {len(case.healthy)} healthy ones."
    seen = verdict.checked.get("seen", ())
    others = [each for each in seen if each["service"] != verdict.service and each["chance"] < _UNLIKELY]
    for each in others[:_NEXT]:
        hits, of = each["troubled"]
        yield f"  seen too, not held for the cause: {each['service']}.{each['fault']} in {hits} of {of} traces"


def _say(console: Console, text: str, *, bold: bool = False, indent: int = 0) -> None:
    margin = " " * indent
    safe = terminal.printable(text, console.encoding)
    whole = textwrap.fill(safe, console.width - 1, initial_indent=margin, subsequent_indent=margin)
    console.print(Text(whole, style="bold" if bold else ""))


def _link(console: Console, name: str, url: str) -> None:
    """Print an address on a line of its own, unbroken, so that a terminal opens it."""
    console.print(Text(f"  {name:14}{terminal.printable(url)}"), soft_wrap=True)
