"""`SERVICE.error[:503]`: the service fails before its handler runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.kit.problems import Problem


@dataclass(frozen=True, slots=True)
class Error:
    """Answers with a server error."""

    status: int

    @classmethod
    def parse(cls, text: str) -> Error:
        """A status from 500 to 599; ValueError otherwise."""
        if not re.fullmatch("5[0-9]{2}|", text):
            raise ValueError(text)
        return cls(int(text or "503"))

    async def before(self) -> Problem | None:
        """Refuse the request."""
        return Problem(self.status, "unavailable", "This service could not answer the request.")
