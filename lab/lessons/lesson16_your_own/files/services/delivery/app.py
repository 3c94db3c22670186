"""A service of your own: an ordinary FastAPI app, without a line about tracing."""

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI(title="delivery")


class NewDelivery(BaseModel):
    """What is to be delivered: an order, by its id."""

    order: str


@app.post("/deliveries")
async def deliver(new: NewDelivery) -> dict[str, str]:
    """Take an order along."""
    return {"order": new.order, "status": "on its way"}
