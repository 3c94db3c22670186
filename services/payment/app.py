"""Payment: authorises a card at its issuer, captures or voids. A payment's id is its caller's idempotency key."""

from __future__ import annotations

from services.kit import settings
from services.kit.client import BlockingPeer
from services.kit.database import Database
from services.kit.idempotency import REQUIRED, Key, Name, fingerprint
from services.kit.service import service
from services.kit.threads import wait_for
from services.payment import ledger, model
from services.payment.faults import KINDS
from services.payment.model import NewPayment, Payment

config = settings.read("payment")
database = Database("payment", config.database_url, model.metadata, [], config.pool_size)
issuer = BlockingPeer("card issuer", config.urls("card_issuer", 8084))
app = service("payment", config, database=database, peers=[issuer], faults=KINDS)


@app.post("/payments")
def authorise(new: NewPayment, key: Key) -> Payment:
    """Ask the card's issuer, and write its answer down. On a worker thread, since the issuer's client blocks."""
    print_of_it = fingerprint(new)
    earlier = wait_for(ledger.find, database, key, print_of_it)
    if earlier is not None:
        return earlier
    approved = issuer.post("/authorisations", new.model_dump(), key).body["approved"]
    return wait_for(ledger.record, database, key, print_of_it, new, "authorised" if approved else "declined")


@app.get("/payments/{payment}")
async def read(payment: Name) -> Payment:
    """A payment as it stands."""
    return await ledger.find(database, payment) or Payment(id=payment, outcome="unknown")


@app.post("/payments/{payment}/capture", dependencies=[REQUIRED])
async def capture(payment: Name) -> Payment:
    """Charge what was authorised."""
    async with database.autocommit() as connection:
        return await ledger.capture(connection, payment)


@app.post("/payments/{payment}/void", dependencies=[REQUIRED])
async def void(payment: Name) -> Payment:
    """Undo the authorisation, or refund the charge."""
    async with database.write() as connection:
        return await ledger.void(database, connection, payment)


@app.get("/books", include_in_schema=False)
async def books() -> dict[str, dict[str, int]]:
    """Payments by status: how many and how much."""
    async with database.autocommit() as connection:
        return await ledger.books(connection)
