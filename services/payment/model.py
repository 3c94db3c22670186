"""Payment's table and the shapes of its requests and answers."""

from __future__ import annotations

from typing import Annotated, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from services.kit.whole import WHOLE

metadata = sa.MetaData()

payments = sa.Table(
    "payments",
    metadata,
    sa.Column("id", sa.String(200), primary_key=True),  # the caller's idempotency key
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),  # authorised, captured, voided, declined
    sa.Column("amount", sa.BigInteger, nullable=False),  # minor units
    sa.Column("currency", sa.String(3), nullable=False),
)


class NewPayment(BaseModel):
    """What to authorise; `amount` in minor units."""

    model_config = ConfigDict(extra="forbid", strict=True)

    amount: Annotated[int, Field(ge=1, le=10**12), WHOLE]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["USD"])]
    card: Annotated[str, Field(pattern=r"^tok_[a-z0-9_]{1,40}$", examples=["tok_visa"])]


class Payment(BaseModel):
    """A payment as it stands; `key_reused` where the key belongs to another request."""

    id: str
    outcome: Literal["authorised", "captured", "voided", "declined", "key_reused", "unknown"]
