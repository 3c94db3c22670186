"""Which minutes of the past spans came for, and when: what was counted of the others still holds."""

from __future__ import annotations

from collections.abc import Iterable

MINUTE = 60_000_000  # microseconds
_MOST = 20_000  # minutes told apart, two weeks; with more, all count as changed


class Changes:
    """At which version of the store spans came last that start in a minute."""

    def __init__(self) -> None:
        self._versions: dict[int, int] = {}
        self._everywhere = 0

    def note(self, version: int, moments: Iterable[int]) -> None:
        """Remember that spans with these starts came, in microseconds since the epoch."""
        self._versions |= dict.fromkeys({at // MINUTE for at in moments}, version)
        if len(self._versions) > _MOST:
            self.note_all(version)

    def note_all(self, version: int) -> None:
        """Remember that anything may have changed."""
        self._versions, self._everywhere = {}, version

    def latest(self, first: int, last: int) -> int:
        """Return the latest version at which spans came that start in these minutes."""
        return max(self._everywhere, *(self._versions.get(minute, 0) for minute in range(first, last + 1)))
