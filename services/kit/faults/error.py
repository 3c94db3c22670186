"""`SERVICE.error[:503]`: the service fails before its handler runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from services.kit import problems
from services.kit.faults.fault import Handle, Here
from services.kit.problems import Problem


@dataclass(frozen=True, slots=True)
class Error:
    """Answers with a server error."""

    status: int

    @classmethod
    def parse(cls, text: str) -> Error:
        """A status from 500 to 599."""
        if not re.fullmatch("5[0-9]{2}|", text):
            raise ValueError(text)
        return cls(int(text or "503"))

    async def meet(self, _here: Here, _request: Request, _handle: Handle) -> Response:
        """Refuse the request."""
        return problems.response(Problem(self.status, "unavailable", "This service could not answer the request."))
