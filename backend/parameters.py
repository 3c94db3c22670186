"""What a request to Zipkin's API asks for; a parameter that is missing or wrong is a 400 that names it."""

from __future__ import annotations

import re
import time
from typing import NoReturn

from starlette.exceptions import HTTPException
from starlette.requests import Request

from backend.criteria import Criteria
from discovery import ids

_WHOLE = re.compile(r"[+-]?\d{1,40}")
_DAY = 86_400_000
_MOST = 2**63 - 1
_MOST_TRACES = 1000


def criteria(request: Request) -> Criteria:
    """Read what `GET /api/v2/traces` asks for: times in milliseconds, durations in microseconds."""
    least, most = whole(request, "minDuration"), whole(request, "maxDuration", least=-_MOST)
    if most is not None and least is None:
        _refuse("maxDuration is given without minDuration; expected both, or minDuration alone.")
    if least is not None and most is not None and most < least:
        _refuse(f"maxDuration is {most} and minDuration {least}; expected the greater to be maxDuration.")
    until, lookback = window(request, whole(request, "endTs") or time.time_ns() // 1_000_000)
    name = request.query_params.get("spanName", "")
    return Criteria(
        service=request.query_params.get("serviceName", ""),
        name="" if name.lower() == "all" else name,
        remote=request.query_params.get("remoteServiceName", ""),
        tags=tags(request.query_params.get("annotationQuery", "")),
        least=least,
        most=most,
        until=until,
        lookback=lookback,
        limit=min(whole(request, "limit", most=2**31 - 1) or 10, _MOST_TRACES),
    )


def window(request: Request, until: int) -> tuple[int, int]:
    """Return a time given in milliseconds, and how far to look back from it by `lookback`, both in microseconds."""
    lookback = whole(request, "lookback") or _DAY
    return min(until * 1000, _MOST), min(lookback * 1000, _MOST)


def tags(query: str) -> dict[str, str]:
    """Read `key and key=value` (zipkin2.storage.QueryRequest); an empty value asks for the key or an annotation.

    Of one key given twice the last value counts, and any value before none.
    """
    found: dict[str, str] = {}
    for term in query.split(" and ") if query else ():
        key, equals, value = term.partition("=")
        if equals or key.strip() not in found:
            found[key.strip()] = value.strip()
    return found


def text(request: Request, name: str) -> str:
    """Return a parameter that has to be there, be it empty."""
    if name not in request.query_params:
        _refuse(f"{name} is missing; expected /…?{name}=….")
    return request.query_params[name]


def whole(request: Request, name: str, *, least: int = 1, most: int = _MOST) -> int | None:
    """Return a whole number, or None where it is absent or empty."""
    given = request.query_params.get(name, "")
    if not given:
        return None
    number = int(given) if _WHOLE.fullmatch(given) else least - 1
    if not least <= number <= most:
        _refuse(f"{name} is {given[:40]!r}; expected a whole number from {least} to {most}.")
    return number


def moment(request: Request, name: str) -> int:
    """Return a time in milliseconds that has to be there."""
    found = whole(request, name)
    if found is None:
        _refuse(f"{name} is missing; expected a time in milliseconds since the epoch.")
    return found


def trace_id(given: str) -> str:
    """Return a trace id as one spells it in the store: in either case, padded or not."""
    if not ids.is_trace_id(given):
        _refuse(f"The trace id is {given[:40]!r}; expected up to 32 hexadecimal digits, not all zeros.")
    return ids.normalised(given)


def trace_ids(request: Request) -> list[str]:
    """Return the ids of `traceIds`, two at least and each once."""
    found = [trace_id(each) for each in text(request, "traceIds").split(",")]
    if len(found) == 1:
        _refuse("traceIds names one trace; expected two or more, separated by commas, or /api/v2/trace/ID for one.")
    if len(set(found)) < len(found):
        _refuse("traceIds names a trace twice; expected each once.")
    return found


def _refuse(reason: str) -> NoReturn:
    raise HTTPException(400, reason)
