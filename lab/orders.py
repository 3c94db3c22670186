"""Buys at a shop over HTTP, past any proxy, and reads off which trace each answer belongs to."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT = 30.0
_CARD = "tok_visa"


class NoShop(Exception):
    """The gateway does not answer, or not as a shop does."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway answered."""

    status: int
    body: Any
    trace_id: str  # empty where the response names none
    seconds: float


def buy(gateway: str, *skus: str, fault: str = "") -> Answer:
    """Order one piece of each, a fault travelling along as baggage."""
    body = {"items": [{"sku": sku, "quantity": 1} for sku in skus], "card": _CARD}
    return ask(gateway, "POST", "/orders", body, {"baggage": f"fault={fault}"} if fault else {})


def a_product(gateway: str) -> str:
    """The sku of which there is most."""
    products = ask(gateway, "GET", "/products").body
    sku: str = max(products, key=lambda product: product["available"])["sku"]
    return sku


def lost_spans(service: str) -> int:
    """How many spans a service knows to have lost."""
    lost: int = ask(service, "GET", "/healthz").body["spans"]["lost"]
    return lost


def ask(base: str, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Ask the shop; NoShop where it does not answer as one."""
    address = urlsplit(base)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT)
    sent = {"Content-Type": "application/json", **(headers or {})} if body is not None else dict(headers or {})
    began = time.monotonic()
    try:
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        response = connection.getresponse()
        content = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoShop(f"{base}{path} does not answer ({error or type(error).__name__}): is the shop up?") from error
    finally:
        connection.close()
    context = (response.getheader("traceresponse") or "").split("-")
    trace_id = context[1] if len(context) == 4 else ""
    return Answer(response.status, content, trace_id, time.monotonic() - began)
