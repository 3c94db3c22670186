"""What customers ask of the made shop, and how a service of it answers."""

from __future__ import annotations

from collections.abc import Callable

from discovery.trace import Kind, Trace
from tests.discovery.culprit.shop import Knobs, Node, Request, breaker


def checkout(request: Request) -> None:
    """`POST /orders`: authorise, reserve, capture, confirm; what fails is taken back."""
    with request.span(None, "client", "POST /orders", Kind.CLIENT) as root:
        request.status = 201
        answered = request.call(root, "/orders", "gateway", "POST /orders", lambda visit: _gateway(request, visit))
        request.status = 503 if answered.error else 402 if request.knob("declined") else 201
        request.done(root)


def read(request: Request) -> None:
    """`GET /orders/{id}`: order and payment, asked side by side."""
    with request.span(None, "client", "GET /orders/{id}", Kind.CLIENT) as root:

        def gateway(visit: Node) -> None:
            began = request.now
            path = f"/orders/{request.number:x}0"
            request.call(visit, path, "order", "GET /orders/{order}", lambda own: request.query(own, "SELECT one"))
            ended = request.now
            if not request.knob("serial"):
                request.now = began + 10
            request.call(
                visit,
                path.replace("orders", "payments"),
                "payment",
                "GET /payments/{payment}",
                lambda own: request.query(own, "SELECT one"),
            )
            request.now = max(request.now, ended)

        request.call(root, f"/orders/{request.number:x}0", "gateway", "GET /orders/{order}", gateway)
        request.done(root)


def products(request: Request) -> None:
    """`GET /products`: every third asks inventory, unless the cache is cold."""
    with request.span(None, "client", "GET /products", Kind.CLIENT) as root:

        def gateway(visit: Node) -> None:
            if request.number % 3 == 0 or request.knob("cold"):
                request.call(visit, "/products", "inventory", "GET /products", lambda own: request.query(own, "SELECT"))

        request.call(root, "/products", "gateway", "GET /products", gateway)
        request.done(root)


def _gateway(request: Request, visit: Node) -> None:
    if request.knob("cut off order"):
        return breaker(request, visit, "order")
    answered = request.call(visit, "/orders", "order", "POST /orders", lambda own: _order(request, own))
    if answered.error:
        visit.fail(503)
    return None


def _order(request: Request, visit: Node) -> None:
    for _ in range(int(request.knob("repeats", "order") or 1)):
        request.query(visit, "SELECT price FROM prices")
    request.query(visit, "INSERT INTO orders")
    if request.knob("cut off payment"):
        return breaker(request, visit, "payment")
    steps = _steps(request)
    for number, (path, service, name, handler) in enumerate(steps):
        for _ in range(int(request.knob("attempts") or 1)):
            answered = request.call(visit, path, service, name, handler)
            if not answered.error:
                break
        if answered.error:
            for path_back, peer, name_back in (("/payments/1/void", "payment", "POST /payments/{payment}/void"),) * (
                number > 0
            ):
                request.call(visit, path_back, peer, name_back, lambda own: request.query(own, "UPDATE payments"))
            return visit.fail(503)
    request.query(visit, "UPDATE orders")
    return None


Step = tuple[str, str, str, Callable[[Node], None]]


def _steps(request: Request) -> list[Step]:
    authorise: Step = ("/payments", "payment", "POST /payments", lambda own: _authorise(request, own))
    reserve: Step = ("/reservations", "inventory", "POST /reservations", lambda own: _reserve(request, own))
    capture: Step = (
        f"/payments/{request.number:x}0/capture",
        "payment",
        "POST /payments/{payment}/capture",
        lambda own: request.query(own, "UPDATE payments"),
    )
    if request.knob("declined"):
        return [authorise]
    if request.knob("swallowed"):
        return [authorise, reserve]
    return [authorise, authorise, reserve, capture, capture] if request.knob("twice") else [authorise, reserve, capture]


def _authorise(request: Request, visit: Node) -> None:
    for _ in range(int(request.knob("repeats", "payment") or 1)):
        request.query(visit, "SELECT a payment")
    with request.span(
        visit, "payment", "POST", Kind.CLIENT, **{"url.full": "http://127.0.0.1:8084/authorisations"}
    ) as out:
        request.pass_time(1_000 + float(request.knob("issuer") or 0))
        if request.knob("issuer fails"):
            out.fail(503)
    if request.knob("issuer fails"):
        return visit.fail(503)
    request.query(visit, "INSERT INTO payments")
    return None


def _reserve(request: Request, visit: Node) -> None:
    request.query(visit, "BEGIN IMMEDIATE")
    if request.knob("held", "inventory"):
        request.pass_time(float(request.knob("held", "inventory")))
    request.query(visit, "UPDATE stock")
    if request.knob("exception", "inventory"):
        visit.fail(500)


ROUTES = (checkout, read, checkout, products, checkout)


def traces(first: int, count: int, knobs: Knobs | None = None, every: int = 3, **more: float) -> list[Trace]:
    """Make so many requests in turns of the routes; every third is bent by the knobs."""
    found: list[Trace] = []
    for number in range(first, first + count):
        bent = knobs if knobs and number % every == 0 else {}
        request = Request(number, bent, **more)  # type: ignore[arg-type]
        ROUTES[number % len(ROUTES)](request)
        found += request.traces()
    return found
