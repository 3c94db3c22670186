"""Places an order as a customer would, without a trace of its own, and reads off which trace it became."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from lab.doctor.ask import NoAnswer, Reply, ask

_PATIENCE = 4.0
_MOST = 5  # until one is sampled
_SECONDS = 4.0  # after which no further one is placed
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Order:
    """The last order that was placed, as it was answered; `began` and `ended` are Unix times."""

    status: int
    trace_id: str  # empty where the response names none
    sampled: bool
    placed: int  # how many, until one was sampled
    began: float
    ended: float
    detail: str  # a problem's own words


def place(target: str) -> Order | str:
    """Order what there is most of, until the trace is sampled; a str says why nothing was answered.

    Where products cannot be listed, that request is the one whose trace is looked at.
    """
    began = time.time()
    give_up = time.monotonic() + _SECONDS
    try:
        listed = ask(f"{target}/products", seconds=_PATIENCE)
        sku = _most_available(listed)
        if sku is None:
            return _read(listed, 1, began)
        body = json.dumps({"items": [{"sku": sku, "quantity": 1}], "card": "tok_visa"}).encode()
        for number in range(1, _MOST + 1):
            began = time.time()
            order = _read(ask(f"{target}/orders", "POST", body, _JSON, seconds=_PATIENCE), number, began)
            if order.sampled or not order.trace_id or time.monotonic() > give_up:
                break
    except NoAnswer as error:
        return f"{target} {error}"
    return order


def detail(reply: Reply) -> str:
    """A problem's own words, where it has any."""
    try:
        said = json.loads(reply.body)
        return str(said.get("detail") or said.get("title") or "")
    except (ValueError, AttributeError):
        return ""


def _most_available(listed: Reply) -> str | None:
    try:
        return str(max(json.loads(listed.body), key=lambda product: product["available"])["sku"])
    except (ValueError, TypeError, KeyError):
        return None


def _read(reply: Reply, placed: int, began: float) -> Order:
    """By `traceresponse` (Trace Context Level 3): version, trace id, span id, flags; the lowest flag means sampled."""
    fields = reply.headers.get("traceresponse", "").split("-")
    trace_id, flags = (fields[1], fields[3]) if len(fields) == 4 else ("", "0")
    sampled = int(flags, 16) & 1 == 1
    return Order(reply.status, trace_id, sampled, placed, began, time.time(), detail(reply))
