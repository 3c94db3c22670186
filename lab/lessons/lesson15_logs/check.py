"""From a trace to the log lines in it, and from an id in those to what was written when the trace had ended."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lab import state
from lab.learn.here import Checked, Here, NotUp

_UNDONE_LATER = re.compile(r"Order (\w+) cannot be undone yet")
_SETTLED = re.compile(r"Order (\w+) was left behind; it is settled as (\w+)")


def check(here: Here) -> Checked:
    """Compare the answers with order's log."""
    trace, trouble = here.trace("trace")
    if trace is None:
        return Checked((trouble,) if trouble else ())
    order, span = _warned(here).get(trace.trace_id, ("", ""))
    said = {key: here.answers.get(key, "") for key in ("order", "span", "became")}
    if not order:
        return Checked((here.say(False, "failed", trace=trace.trace_id),), trace)
    return Checked(
        (
            here.say(True, "failed", trace=trace.trace_id),
            here.judge("order", said["order"] == order),
            here.judge("span", said["span"] == span),
            here.judge("became", said["became"].casefold() == _settled(here).get(order)),
        ),
        trace,
        frozenset({span}),
    )


def solve(here: Here) -> dict[str, str]:
    """Read the log."""
    settled = _settled(here)
    for trace_id, (order, span) in _warned(here).items():
        if order in settled:
            return {"trace": trace_id, "order": order, "span": span, "became": settled[order]}
    raise NotUp(here.words("not_begun", number=here.lesson.number))


def _warned(here: Here) -> dict[str, tuple[str, str]]:
    """Orders that could not be undone at once, and the span that said so, by trace."""
    found = {}
    for line in _lines(here):
        if match := _UNDONE_LATER.search(line["message"]):
            found[line["trace_id"]] = match[1], line["span_id"]
    return found


def _settled(here: Here) -> dict[str, str]:
    """What became of orders that were left behind, by their ids."""
    return {match[1]: match[2] for line in _lines(here) if (match := _SETTLED.search(line["message"]))}


def _lines(here: Here) -> Iterator[dict[str, Any]]:
    here.environment()  # the log is that of the shop that is up
    file = state.logs(state.folder()) / "order.jsonl"
    for text in file.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if {"message", "trace_id", "span_id"} <= line.keys() or "message" in line:
            yield {"trace_id": "", "span_id": "", **line}
