"""The card issuer: somebody else's system, hence untraced. It declines `tok_declined` and approves any other card."""

from __future__ import annotations

from typing import Annotated

import fastapi
from fastapi import Header
from pydantic import BaseModel

from services.kit import problems, settings
from services.payment.moods import moods

app = fastapi.FastAPI(title="card issuer", openapi_url=None)
config = settings.read("issuer")
problems.install(app)


class Request(BaseModel):
    """What payment asks."""

    amount: int
    currency: str
    card: str


@app.post("/authorisations")
async def authorise(
    request: Request,
    idempotency_key: Annotated[str, Header()],
    baggage: Annotated[str, Header()] = "",
) -> dict[str, bool]:
    """Approve or decline. Nothing is charged before the capture, so the same question may be asked twice."""
    approved = request.card != "tok_declined"
    for mood in moods(baggage) if config.faults else []:
        approved = await mood.answer(idempotency_key, approved)
    return {"approved": approved}


@app.get("/readyz")
async def ready() -> dict[str, str]:
    """It has nothing to wait for."""
    return {"status": "ready"}
