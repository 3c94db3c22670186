"""Business outcomes as a customer sees them: a declined card is a 200 between services, and a 402 from here."""

from __future__ import annotations

from services.kit import problems
from services.kit.problems import Problem

_REFUSALS = {
    "declined": (402, "card-declined", "The card was declined."),
    "out_of_stock": (409, "out-of-stock", "There is not enough of what was ordered."),
    "in_progress": (
        409,
        "in-progress",
        "The first request with this Idempotency-Key is still being worked on; ask again in a moment.",
    ),
    "key_reused": (
        400,
        "key-reused",
        "This Idempotency-Key was used with another body; use a new key for a new order.",
    ),
    "unknown_product": (422, "unknown-product", "One of the skus is not for sale; GET /products lists what is."),
    "unknown_order": (404, "unknown-order", "There is no order with this id."),
}


def refusal(outcome: str) -> Problem:
    """The problem that an outcome other than success is."""
    if outcome not in _REFUSALS:
        return problems.unavailable(
            "The order could not be completed, and was undone; nothing was charged. "
            "To order again, use a new Idempotency-Key."
        )
    status, kind, detail = _REFUSALS[outcome]
    return Problem(status, kind, detail)
