"""The faults that the control page offers: those of the lab's catalogue that can ride on a request.

The lab says where its catalogue is; the gateway knows none of it by itself. What gives a fault away in a trace is left
out.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, TypeAdapter


class Parameter(BaseModel):
    """What can be set about a fault: its kind (duration, status, count or size), default and bounds."""

    kind: str
    sets: str
    default: str
    least: str
    most: str


class Fault(BaseModel):
    """One fault as the page shows it; `routes` are those on which it can show, all where there are none."""

    services: list[str]
    seen: str
    routes: list[str] = []
    contagious: bool = False
    parameter: Parameter | None = None


class _Entry(Fault):
    scope: str


_catalogue = TypeAdapter(dict[str, _Entry])


def offered(path: Path | None) -> dict[str, Fault]:
    """Faults by name, none without a catalogue; ValueError where there is no such file, or it is none."""
    if path is None:
        return {}
    try:
        entries = _catalogue.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ValueError(f"TRACELAB_CATALOGUE is '{path}', but must be a catalogue of faults: {error}") from None
    return {
        name: Fault(**entry.model_dump(exclude={"scope"}))
        for name, entry in entries.items()
        if entry.scope == "request"
    }
