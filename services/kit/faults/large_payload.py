"""`SERVICE.large-payload[:16MB]`: the service answers with far more than anybody asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from services.kit.faults.fault import Handle, Here
from services.kit.faults.parameters import megabytes


@dataclass(frozen=True, slots=True)
class LargePayload:
    """Adds a huge member to the answer, which callers read to its end and then leave unused."""

    size: int  # bytes

    @classmethod
    def parse(cls, text: str) -> LargePayload:
        """From 1 MB to 64 MB."""
        return cls(megabytes(text or "16MB", 1, 64))

    async def meet(self, _here: Here, _request: Request, handle: Handle) -> Response:
        """Handle, then swell; only what was answered well, and as JSON."""
        response = await handle()
        if not 200 <= response.status_code < 300:
            return response
        body = json.loads(bytes(response.body))
        first = body[0] if isinstance(body, list) and body else body
        if not isinstance(first, dict):
            return response
        first["history"] = "an entry that nobody reads; " * (self.size // 28)
        kept = {name: value for name, value in response.headers.items() if name != "content-length"}
        return Response(json.dumps(body), response.status_code, kept)
