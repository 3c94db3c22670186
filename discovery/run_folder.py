"""A run's folder as `find` may read it: times, phases and counts of run.json; what was injected stays unread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from discovery.errors import Malformed

_BEFORE = "baseline"
_AFTER = ("recovery", "rest", "afterwards")


class _Counts(msgspec.Struct):
    sent: int = 0
    error: int = 0
    unsampled: int = 0


class _Phase(msgspec.Struct):
    name: str
    start: datetime
    end: datetime
    counts: _Counts


class _Run(msgspec.Struct):
    phases: list[_Phase]
    counts: _Counts


@dataclass(frozen=True, slots=True)
class Counts:
    """What the load counted in a phase of trouble: requests sent, failed ones, and those of which nothing is stored."""

    sent: int
    errors: int
    unsampled: int


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time, Unix seconds."""

    start: float
    end: float

    def holds(self, microseconds: int) -> bool:
        """Whether a moment, in microseconds since the epoch, lies in it."""
        return self.start <= microseconds / 1e6 < self.end


@dataclass(frozen=True, slots=True)
class Run:
    """A run's times: those of its healthy phases, of those with trouble, and of those after it.

    A run of one phase has only trouble, if any. `counts` are those of the phases with trouble, `phases` all by name.
    """

    phases: Mapping[str, Window]
    healthy: tuple[Window, ...]
    troubled: tuple[Window, ...]
    afterwards: tuple[Window, ...]
    counts: Counts

    @property
    def whole(self) -> Window:
        """From the first phase's start to the last one's end."""
        windows = (*self.healthy, *self.troubled, *self.afterwards)
        return Window(min(each.start for each in windows), max(each.end for each in windows))


def read(folder: Path) -> Run:
    """Read a run's folder; Malformed says what is wrong with it.

    The phase `baseline` is healthy, or the first one where none is called so; `recovery`, `rest` and `afterwards` come
    after the trouble; every other phase may have it.
    """
    path = folder / "run.json"
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_Run)
    except OSError as error:
        raise Malformed(
            f"{path} cannot be read ({error.strerror}); give the folder of a run: tracelab load SCENARIO --out DIR."
        ) from None
    except msgspec.DecodeError as error:
        raise Malformed(f"{path} is not a run as `tracelab load --out` writes it: {error}.") from None
    if not found.phases:
        raise Malformed(f"{path} has no phase: the run ended before it began.")
    names = [phase.name for phase in found.phases]
    first = names.index(_BEFORE) if _BEFORE in names else 0
    healthy = [phase for number, phase in enumerate(found.phases) if number == first and len(names) > 1]
    after = [phase for phase in found.phases if phase.name in _AFTER]
    troubled = [phase for phase in found.phases if phase not in healthy and phase not in after]
    return Run(
        phases=dict(zip(names, _windows(found.phases), strict=True)),
        healthy=_windows(healthy),
        troubled=_windows(troubled or after),
        afterwards=_windows(after if troubled else []),
        counts=Counts(
            sent=sum(phase.counts.sent for phase in troubled),
            errors=sum(phase.counts.error for phase in troubled),
            unsampled=found.counts.unsampled,
        ),
    )


def _windows(phases: list[_Phase]) -> tuple[Window, ...]:
    return tuple(Window(phase.start.timestamp(), phase.end.timestamp()) for phase in phases)
