"""A circuit breaker, as Michael Nygard describes it in "Release It!": closed, open, half-open."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum


class State(StrEnum):
    """closed: calls pass. open: none does, until the pause is over. half-open: one call at a time tries."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """Opens after `failures` failed calls in a row, tries again after `pause` seconds, closes when a try succeeds.

    Failures in a row rather than a rate: a service that fails one request in five is to be seen failing, not cut off.
    `on_change` hears of every change of state.
    """

    def __init__(
        self,
        failures: int = 10,
        pause: float = 5.0,
        *,
        on_change: Callable[[State], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = State.CLOSED
        self._limit = failures
        self._pause = pause
        self._failed = 0
        self._opened = 0.0
        self._trying = False
        self._on_change = on_change
        self._clock = clock

    def retry_after(self) -> float:
        """Seconds until a call may pass: 0 when one may pass now."""
        if self.state is State.OPEN:
            return max(0.0, self._opened + self._pause - self._clock())
        return 0.0

    def admit(self) -> bool:
        """Whether a call may pass now. Whoever was admitted reports `succeeded`, `failed` or `abandoned`."""
        if self.state is State.OPEN and self.retry_after() == 0.0:
            self._change(State.HALF_OPEN)
        if self.state is State.HALF_OPEN:
            admitted, self._trying = not self._trying, True
            return admitted
        return self.state is State.CLOSED

    def succeeded(self) -> None:
        """Note a call that was answered."""
        self._failed, self._trying = 0, False
        if self.state is State.HALF_OPEN:
            self._change(State.CLOSED)

    def failed(self) -> None:
        """Note a call that failed."""
        self._failed, self._trying = self._failed + 1, False
        if self.state is State.HALF_OPEN or (self.state is State.CLOSED and self._failed >= self._limit):
            self._opened = self._clock()
            self._change(State.OPEN)

    def abandoned(self) -> None:
        """Note a call that the caller gave up for its own reasons: it says nothing of the other side."""
        self._trying = False

    def _change(self, state: State) -> None:
        self.state = state
        self._on_change(state)
