"""What head sampling left of the errors, and what a rule of the learner's own keeps of all traces."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from discovery import document
from discovery.trace import Trace
from lab.learn import stage, workplace
from lab.learn.here import Checked, Here, NotUp
from lab.learn.remark import Remark
from lab.learn.truth import TRACES

_MOST, _LEAST = 0.20, 0.02  # of all traces
_SLOW = 500_000  # microseconds
_WHOLE = ("errors", "slow")  # the parts of which every trace was kept


def check(here: Here) -> Checked:
    """Compare the numbers with what the load and the backend have, and try the rule on all traces."""
    _begun(here)
    return Checked((*_numbers(here), *_rule(here)))


def solve(here: Here) -> dict[str, str]:
    """Read both numbers."""
    _begun(here)
    return {"sent": str(_failed(here)), "stored": str(_red(here))}


def _begun(here: Here) -> None:
    if not (_place(here, "head") / TRACES).exists():
        raise NotUp(here.words("not_begun", number=here.lesson.number))


def _numbers(here: Here) -> list[Remark]:
    sent, stored = (here.answers.get(key, "") for key in ("sent", "stored"))
    run, traces = _place(here, "head") / "run" / "run.json", _place(here, "head") / TRACES
    return [
        here.judge("sent", sent == str(_failed(here)), file=run),
        here.judge("stored", stored == str(_red(here)), file=traces),
    ]


def _rule(here: Here) -> list[Remark]:
    traces = [trace for part in _WHOLE for trace in document.load(str(_place(here, part) / TRACES))]
    file = workplace.folder(here.lesson) / "policy.py"
    try:
        keep = _keeping(file)
        kept = {trace.trace_id for trace in traces if keep(trace)}
    except Exception as error:
        return [here.say(False, "broken", trouble=f"{type(error).__name__}: {error}")]
    share = len(kept) / len(traces)
    slow = [trace for trace in traces if trace.duration > _SLOW]
    return [
        here.say(_LEAST <= share <= _MOST, "rule", share=share, all=len(traces), most=_MOST),
        _of(here, "errors", [trace for trace in traces if trace.errors], kept),
        _of(here, "slow", slow, kept),
    ]


def _of(here: Here, told: str, wanted: Sequence[Trace], kept: set[str]) -> Remark:
    count = sum(trace.trace_id in kept for trace in wanted)
    return here.say(count == len(wanted), told, kept=count, all=len(wanted), slow=_SLOW // 1000)


def _keeping(file: Path) -> Callable[[Trace], bool]:
    found: dict[str, Callable[[Trace], bool]] = {}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), found)  # noqa: S102 - the learner's own code
    return found["keep"]


def _place(here: Here, part: str) -> Path:
    return stage.folder(here.lesson.number) / part


def _failed(here: Here) -> int:
    run = json.loads((_place(here, "head") / "run" / "run.json").read_text(encoding="utf-8"))
    count: int = run["counts"]["error"]
    return count


def _red(here: Here) -> int:
    file = _place(here, "head") / TRACES
    return sum(bool(trace.errors) for trace in document.load(str(file)))
