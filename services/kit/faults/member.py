"""The member of a request's W3C baggage that asks for faults."""

from __future__ import annotations

from opentelemetry import baggage, context
from opentelemetry.baggage.propagation import W3CBaggagePropagator

MEMBER = "fault"


def carried() -> str:
    """What the current request asks for; nothing, usually."""
    return str(baggage.get_baggage(MEMBER) or "")


def of_header(header: str) -> str:
    """The same from a `baggage` header, for a server that is not traced."""
    return str(baggage.get_baggage(MEMBER, W3CBaggagePropagator().extract({"baggage": header})) or "")


def strip() -> None:
    """Take the member, and only this one, off the current request."""
    context.attach(baggage.remove_baggage(MEMBER))
