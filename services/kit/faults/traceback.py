"""Takes the frames of faults out of tracebacks, which end in spans and logs."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

_OURS = str(Path(__file__).parent)


def cleaned(error: BaseException) -> BaseException:
    """The error, and whatever it came from, as if nobody had ordered it."""
    seen: BaseException | None = error
    while seen is not None:
        seen.__traceback__ = _without_ours(seen.__traceback__)
        seen = seen.__cause__ or seen.__context__
    return error


def _without_ours(frames: TracebackType | None) -> TracebackType | None:
    kept: TracebackType | None = None
    for frame in reversed(_listed(frames)):
        if not _is_ours(frame.tb_frame.f_code.co_filename):
            frame.tb_next, kept = kept, frame
    return kept


def _listed(frames: TracebackType | None) -> list[TracebackType]:
    found = []
    while frames is not None:
        found.append(frames)
        frames = frames.tb_next
    return found


def _is_ours(file: str) -> bool:
    path = Path(file)
    return path.name == "faults.py" or str(path.parent) == _OURS
