"""Order's own deliberate defects: bad variants of the checkout.

`order.swallowed-error`  an error on the way to the capture is caught and forgotten; the order is confirmed, uncharged.
`order.double-charge`    what is sent to payment is sent again, under a key of its own: charged twice.

Its haste is one half of `payment.metastable`.
"""

from __future__ import annotations

import json
import uuid

from services.kit.faults.fault import Kind, plain
from services.kit.faults.metastable import Hurry
from services.kit.faults.variant import Variant
from services.order.checkout import Checkout
from services.order.model import Order


class Swallowing(Checkout):
    """Reads a voucher before it captures; that some orders have none was not thought of."""

    async def _capture(self, order: Order) -> str:
        try:
            json.loads("")["voucher"]
            return await super()._capture(order)
        except ValueError:
            return "captured"


class Twice(Checkout):
    """Makes sure that payment has heard: whoever wrote it took the Idempotency-Key for a random number."""

    _again = ""

    async def _authorise(self, order: Order, card: str) -> str:
        await super()._authorise(order, card)
        self._again = uuid.uuid4().hex
        return await super()._authorise(order.model_copy(update={"id": self._again}), card)

    async def _capture(self, order: Order) -> str:
        await super()._capture(order)
        return await super()._capture(order.model_copy(update={"id": self._again}))


def _variant(kind: type[Checkout]) -> Variant:
    return Variant(lambda checkout: kind(checkout.database, checkout.payment, checkout.inventory))


KINDS = {
    "metastable": Kind(lambda text, _: Hurry.parse(text), lambda named, _: named == "payment"),
    "swallowed-error": plain(_variant(Swallowing)),
    "double-charge": plain(_variant(Twice)),
}
