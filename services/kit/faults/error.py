"""`SERVICE.error[:503]`: the service fails before its handler runs."""

from __future__ import annotations

from dataclasses import dataclass

from services.kit.problems import Problem


@dataclass(frozen=True, slots=True)
class Error:
    """Answers with a server error."""

    status: int

    @classmethod
    def parse(cls, text: str) -> Error:
        """A status from 500 to 599; ValueError otherwise."""
        status = int(text or "503")
        if not 500 <= status <= 599:
            raise ValueError(text)
        return cls(status)

    async def before(self) -> Problem | None:
        """Refuse the request."""
        return Problem(self.status, "unavailable", "This service could not answer the request.")
