"""What tracing costs here: the same load with and without it, by turns, beside the noise of the machine."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from discovery import document
from lab.learn import stage
from lab.learn.here import Checked, Here, NotUp
from lab.learn.truth import TRACES

_CLOSE = 0.03


def check(here: Here) -> Checked:
    """Compare the answers with the four runs."""
    p50 = _p50(here)
    said = {key: here.answers.get(key, "") for key in ("noise", "price", "spans")}
    told = {"first": f"{p50['off-1']:.2f}", "second": f"{p50['off-2']:.2f}"}
    return Checked(
        (
            here.judge("noise", abs(_number(said["noise"]) - _noise(p50)) <= _CLOSE, **told),
            here.judge("price", abs(_number(said["price"]) - _price(p50)) <= _CLOSE),
            here.judge("spans", said["spans"] in _spans(here)),
        )
    )


def solve(here: Here) -> dict[str, str]:
    """Work the numbers out."""
    p50 = _p50(here)
    return {"noise": f"{_noise(p50):.2f}", "price": f"{_price(p50):.2f}", "spans": _spans(here)[0]}


def _p50(here: Here) -> dict[str, float]:
    """Milliseconds, by run."""
    found = {}
    for part in here.lesson.parts:
        file = _place(here, part) / "run" / "run.json"
        if not file.exists():
            raise NotUp(here.words("not_begun", number=here.lesson.number))
        found[part] = float(json.loads(file.read_text(encoding="utf-8"))["phases"][0]["latency_ms"]["p50"])
    return found


def _noise(p50: dict[str, float]) -> float:
    return p50["off-2"] / p50["off-1"]


def _price(p50: dict[str, float]) -> float:
    return (p50["on-1"] + p50["on-2"]) / (p50["off-1"] + p50["off-2"])


def _spans(here: Here) -> list[str]:
    """How many spans orders have, the most usual number first; another one counts that is a tenth of them at least."""
    traces = document.load(str(_place(here, "on-1") / TRACES))
    counted = Counter(len(trace.spans) for trace in traces if {"payment", "inventory"} <= set(trace.services))
    return [str(spans) for spans, count in counted.most_common() if count >= counted.total() / 10]


def _place(here: Here, part: str) -> Path:
    return stage.folder(here.lesson.number) / part


def _number(text: str) -> float:
    try:
        return float(text.replace(",", ".").lstrip("xX"))
    except ValueError:
        return float("inf")
