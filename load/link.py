"""Links from a trace's id to its page for people."""

from __future__ import annotations

import os

from load.errors import WrongUse

_PLACE = "{trace_id}"


def template() -> str:
    """Read TRACELAB_TRACE_URL; without it, the built-in backend's pages."""
    text = os.environ.get("TRACELAB_TRACE_URL") or f"http://127.0.0.1:9411/trace/{_PLACE}"
    if _PLACE not in text:
        raise WrongUse(f"TRACELAB_TRACE_URL is {text!r}, but needs {_PLACE} where the trace's id goes.")
    return text


def link(trace_id: str) -> str:
    """Give the address of a trace's page."""
    return template().replace(_PLACE, trace_id)
