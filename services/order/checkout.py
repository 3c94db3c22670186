"""A checkout: pending -> authorised -> reserved -> captured -> confirmed; and the way back from wherever it stops.

Every step is named by the order's id and may be repeated, so undoing needs no memory of how far it came: voiding and
releasing what never was is noted by the other side, and refused should it still arrive. An order left pending by a
crash is found by its deadline, and undone (`settle`); only the change pending -> confirmed, made in one statement,
decides who was first.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from services.kit import budget
from services.kit.client import Peer
from services.kit.database import Database
from services.kit.idempotency import fingerprint
from services.kit.problems import Problem
from services.kit.products import CURRENCY
from services.order.model import Line, NewOrder, Order, Placed, orders, prices

logger = logging.getLogger("tracelab.order")

_UNDO_SECONDS = 3.0  # a budget of its own: the request's may be what ran out
_GRACE_SECONDS = 2.0  # past the request's budget before an order counts as left behind
_POLL_SECONDS = 0.05


class Checkout:
    """The order service's behaviour."""

    def __init__(self, database: Database, payment: Peer, inventory: Peer) -> None:
        self.database, self.payment, self.inventory = database, payment, inventory

    async def place(self, new: NewOrder, key: str) -> Placed:
        """Take an order through to its end, or answer as its key was answered before."""
        lines = await self._price(new)
        if lines is None:
            return Placed(outcome="unknown_product")
        order = Order(
            id=uuid.uuid4().hex,
            status="pending",
            items=lines,
            total=sum(line.price * line.quantity for line in lines),
            currency=CURRENCY,
        )
        if not await self._begin(order, key, fingerprint(new)):
            return await self._replay(key, fingerprint(new))
        try:
            status = await self._charge(order, new.card)
        except (Problem, budget.OutOfTime):
            status = await self._undo_now(order.id, "failed")
            if status != "confirmed":  # it can be: the last step was done, and only its answer was lost
                raise
        if status == "failed":
            raise budget.OutOfTime  # it was found left behind, and undone, while it was still under way
        return Placed(outcome=status, order=order.model_copy(update={"status": status}))  # type: ignore[arg-type]

    async def find(self, order: str) -> Placed:
        """An order as it stands."""
        row = await self._row(orders.c.id == order)
        return Placed(outcome="unknown_order") if row is None else _placed(row)

    async def settle(self) -> None:
        """Undo what was left behind: pending past its deadline, or half undone."""
        late = (
            sa.select(orders)
            .where(orders.c.status.in_(["pending", "undoing"]), orders.c.deadline < time.time())
            .limit(100)
        )
        async with self.database.autocommit() as connection:
            rows = (await connection.execute(late)).all()
        for row in rows:
            with budget.spend(_UNDO_SECONDS), contextlib.suppress(Problem, budget.OutOfTime):  # then at the next turn
                settled = await self._undo(row.id, row.becomes or "failed")
                logger.warning("Order %s was left behind; it is settled as %s.", row.id, settled)

    async def books(self) -> dict[str, dict[str, int]]:
        """By status: how many orders, their total, and their units."""
        found: dict[str, dict[str, int]] = {}
        async with self.database.autocommit() as connection:
            for row in await connection.execute(sa.select(orders.c.status, orders.c.total, orders.c.lines)):
                totals = found.setdefault(row.status, {"count": 0, "amount": 0, "units": 0})
                totals["count"] += 1
                totals["amount"] += row.total
                totals["units"] += sum(item["quantity"] for item in row.lines)
        return found

    async def _price(self, new: NewOrder) -> list[Line] | None:
        wanted = [item.sku for item in new.items]
        async with self.database.autocommit() as connection:
            found = await connection.execute(sa.select(prices.c.sku, prices.c.price).where(prices.c.sku.in_(wanted)))
            known = {row.sku: row.price for row in found}
        if len(known) < len(wanted):
            return None
        return [Line(sku=item.sku, quantity=item.quantity, price=known[item.sku]) for item in new.items]

    async def _begin(self, order: Order, key: str, body: str) -> bool:
        """Write the order down as pending, unless its key is taken."""
        deadline = time.time() + budget.remaining() + _GRACE_SECONDS
        row = order.model_dump(exclude={"items"}) | {"key": key, "fingerprint": body, "deadline": deadline}
        row["lines"] = [line.model_dump() for line in order.items]
        async with self.database.autocommit() as connection:
            return bool((await connection.execute(self.database.insert_once(orders).values(row))).rowcount)

    async def _charge(self, order: Order, card: str) -> str:
        """Authorise, reserve, capture, confirm; the status in which the order ends."""
        authorised = await self._authorise(order, card)
        if authorised == "declined":
            return await self._end(order.id, "declined")
        if authorised != "authorised":
            return await self._undo_now(order.id, "failed")
        items = [{"sku": item.sku, "quantity": item.quantity} for item in order.items]
        reserved = (await self.inventory.post("/reservations", {"items": items}, order.id)).body["outcome"]
        if reserved != "reserved":
            return await self._undo_now(order.id, "out_of_stock" if reserved == "out_of_stock" else "failed")
        if await self._capture(order) != "captured":
            return await self._undo_now(order.id, "failed")
        return await self._end(order.id, "confirmed")

    async def _authorise(self, order: Order, card: str) -> str:
        payment = {"amount": order.total, "currency": order.currency, "card": card}
        return str((await self.payment.post("/payments", payment, order.id)).body["outcome"])

    async def _capture(self, order: Order) -> str:
        return str((await self.payment.post(f"/payments/{order.id}/capture", None, order.id)).body["outcome"])

    async def _end(self, order: str, status: str) -> str:
        """Leave `pending`, unless somebody else has: then what they made of it."""
        if await self._change(order, "pending", status=status):
            return status
        return await self._undo_now(order, "failed")

    async def _undo_now(self, order: str, becomes: str) -> str:
        """Undo within the request if the others answer; what cannot be undone now is found again, and soon."""
        with budget.spend(_UNDO_SECONDS):
            try:
                return await self._undo(order, becomes)
            except (Problem, budget.OutOfTime):
                logger.warning("Order %s cannot be undone yet; it will be.", order)
                return becomes

    async def _undo(self, order: str, becomes: str) -> str:
        """Void and release; the status in which the order ended: confirmed if it had been all along."""
        soon = time.time() + _UNDO_SECONDS  # should it not be done by then, `settle` is to try again
        await self._change(order, "pending", status="undoing", becomes=becomes, deadline=soon)
        row = await self._row(orders.c.id == order)
        if row is None or row.status != "undoing":
            return "failed" if row is None else str(row.status)
        await self.payment.post(f"/payments/{order}/void", None, order)
        if row.becomes != "out_of_stock":  # there was nothing to hold
            await self.inventory.post(f"/reservations/{order}/release", None, order)
        await self._change(order, "undoing", status=row.becomes)
        return str(row.becomes)

    async def _replay(self, key: str, body: str) -> Placed:
        """The answer that a key was given before; one still under way is waited for, as long as there is time."""
        while True:
            row = await self._row(orders.c.key == key)
            if row is None or row.fingerprint != body:
                return Placed(outcome="key_reused")
            if row.status not in {"pending", "undoing"}:
                return _placed(row)
            if budget.remaining() < 4 * _POLL_SECONDS:
                return Placed(outcome="in_progress")
            await asyncio.sleep(_POLL_SECONDS)

    async def _change(self, order: str, was: str, **values: str | float) -> bool:
        change = sa.update(orders).where(orders.c.id == order, orders.c.status == was).values(values)
        async with self.database.autocommit() as connection:
            return bool((await connection.execute(change)).rowcount)

    async def _row(self, where: sa.ColumnElement[bool]) -> Row[Any] | None:
        async with self.database.autocommit() as connection:
            return (await connection.execute(sa.select(orders).where(where))).one_or_none()


def _placed(row: Row[Any]) -> Placed:
    order = Order(id=row.id, status=row.status, items=row.lines, total=row.total, currency=row.currency)
    return Placed(outcome="in_progress" if row.status in {"pending", "undoing"} else row.status, order=order)
