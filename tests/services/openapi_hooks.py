"""What OpenAPI cannot say, said to schemathesis: it may ask for each sku once, and uses a key for one request."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import schemathesis


@schemathesis.hook
def filter_case(_: Any, case: Any) -> bool:
    """Leave out orders and reservations that ask for one sku in several items."""
    items = case.body.get("items") if isinstance(case.body, dict) else None
    skus = [item.get("sku") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return len({str(sku) for sku in skus}) == len(skus)


@schemathesis.hook
def before_call(_: Any, case: Any, __: Any) -> None:
    """Give each request that has a good key a key of its own."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and re.fullmatch(r"[A-Za-z0-9_\-.:]{1,160}", key):
        case.headers["Idempotency-Key"] = f"{key}-{uuid4().hex}"
