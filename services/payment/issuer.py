"""The card issuer: somebody else's system, hence untraced. It declines `tok_declined` and approves any other card."""

from __future__ import annotations

import fastapi
from pydantic import BaseModel

app = fastapi.FastAPI(title="card issuer", openapi_url=None)


class Request(BaseModel):
    """What payment asks."""

    amount: int
    currency: str
    card: str


@app.post("/authorisations")
async def authorise(request: Request) -> dict[str, bool]:
    """Approve or decline. Nothing is charged before the capture, so the same question may be asked twice."""
    return {"approved": request.card != "tok_declined"}


@app.get("/readyz")
async def ready() -> dict[str, str]:
    """It has nothing to wait for."""
    return {"status": "ready"}
