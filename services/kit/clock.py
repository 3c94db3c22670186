"""This process's clock, which may be set wrong for real: by TRACELAB_CLOCK_SKEW_MS, where TRACELAB_FAULTS is on.

Python offers no clock of a process's own, so `time.time` and `time.time_ns` are replaced, also in the modules that
have imported them by name (the SDK among them). `datetime.now` and what measures durations go on as before.
"""

from __future__ import annotations

import os
import re
import sys
import time

_MOST = 3_600_000  # ms either way
_NAME = "TRACELAB_CLOCK_SKEW_MS"


def set_from_environment() -> None:
    """Set the clock fast, or slow where the number is negative; ValueError for what is none, or more than an hour."""
    text = os.environ.get(_NAME, "").strip()
    if not text or os.environ.get("TRACELAB_FAULTS", "").lower() != "on":
        return
    if not re.fullmatch(r"-?[0-9]{1,7}(\.[0-9]{1,3})?", text) or abs(float(text)) > _MOST:
        raise ValueError(f"{_NAME} is {text!r}, but must be milliseconds from -{_MOST} to {_MOST}.")
    _shift(float(text))


def _shift(milliseconds: float) -> None:
    real_time, real_time_ns = time.time, time.time_ns
    seconds, nanoseconds = milliseconds / 1000, round(milliseconds * 1_000_000)
    shifted = {real_time: lambda: real_time() + seconds, real_time_ns: lambda: real_time_ns() + nanoseconds}
    for module in list(sys.modules.values()):
        for name in ("time", "time_ns"):
            held = getattr(module, "__dict__", {}).get(name)
            if held is real_time or held is real_time_ns:
                setattr(module, name, shifted[held])
