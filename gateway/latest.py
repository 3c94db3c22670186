"""The latest requests, for the control page."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict
from typing import Any

from services.kit.edge import Served


class Latest:
    """The last 50 requests, newest first."""

    def __init__(self) -> None:
        self._served: deque[Served] = deque(maxlen=50)

    def note(self, served: Served) -> None:
        """Remember one."""
        self._served.appendleft(served)

    def listed(self) -> list[dict[str, Any]]:
        """All as JSON objects: at (Unix time), method, path, status, seconds, trace_id ("" where none was recorded)."""
        return [asdict(served) for served in self._served]
