"""Idempotency keys, as Stripe's API treats them (https://docs.stripe.com/api/idempotent_requests).

A key belongs to the first request that used it. The same key with the same body gets the first answer again, whether
that was a success or a failure; with another body it is refused. Two at the same moment: one does the work, the other
waits for its answer. A request refused before any work (invalid, too busy) leaves no trace of its key. Keys are kept
as long as the record that they made.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated

from fastapi import Depends, Header, Path
from pydantic import BaseModel

_PATTERN = r"^[A-Za-z0-9_\-.:]{1,200}$"
_HEADER = Header(
    alias="Idempotency-Key",
    pattern=_PATTERN,
    description="Names this request: with the same key and body again it gets the same answer, and is not done twice.",
)

Key = Annotated[str, _HEADER]
OptionalKey = Annotated[str | None, _HEADER]  # at the gateway: a customer who sends none gets a new one

# What was made under a key is addressed by it: whoever never saw the answer can still undo what it asked for.
Name = Annotated[str, Path(pattern=_PATTERN, description="The Idempotency-Key that it was made with.")]


def _check(_key: Key) -> None:
    """Nothing to do: that the header is there is the point."""


REQUIRED = Depends(
    _check
)  # for what may be repeated by its nature, such as a void: the header is needed, its value is not


def is_name(text: str) -> bool:
    """Whether something could have been made under this key at all."""
    return re.fullmatch(_PATTERN, text) is not None


def fingerprint(body: BaseModel) -> str:
    """What tells two request bodies apart, whatever their order of members."""
    return hashlib.sha256(body.model_dump_json().encode()).hexdigest()
