"""The shop's processes one by one: to kill one, start it again, or give it settings of its own."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from lab import children, jobs, ports
from lab.children import Child
from lab.plan import PORTS, Process
from tests.real.process import answers, wait_until
from tests.services.asking import Answer, an_order, ask, eventually, new_key

NAMES = ("issuer", "inventory", "payment", "order", "gateway")
_APPS = {"issuer": "services.payment.issuer:app", "gateway": "gateway.app:app"}
_RECOVERY = 2.0  # what a service allows an order past its budget, before it settles it

Databases = Callable[[str], str]


class Fleet:
    """Gateway, services and issuer on ports of their own, started as the launcher starts them.

    `each` adds environment variables to single processes, `environment` to all; `names` are those that start at once;
    `replicas` gives services a second process, so many ports further.
    """

    def __init__(
        self,
        folder: Path,
        databases: Databases,
        each: Mapping[str, Mapping[str, str]] | None = None,
        *,
        names: Iterable[str] = NAMES,
        replicas: Mapping[str, int] | None = None,
        **environment: str,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        steps = list(range(1000, 20000, 10))
        random.shuffle(steps)  # others on this machine look for free ports at the same time
        self._offset = ports.free_offset(PORTS.values(), steps)
        self._databases = {name: databases(name) for name in ("order", "payment", "inventory")}
        self._each, self._environment = each or {}, environment
        self._names, self._replicas = names, replicas or {}
        self.budget = int(environment.get("TRACELAB_BUDGET_MS", "10000")) / 1000
        self.running: dict[str, Child] = {}

    def __enter__(self) -> Self:
        children.warm_up()
        for name, offset in self._replicas.items():
            self.running[f"{name}-{offset}"] = self.twin(name, offset)
        self.start(*self._names)
        self.wait_ready(*self.running)
        return self

    def __exit__(self, *_: object) -> None:
        for name in sorted(self.running, key=lambda name: -NAMES.index(name.partition("-")[0])):
            self.end(name)

    def url(self, name: str) -> str:
        """Base address."""
        return f"http://127.0.0.1:{PORTS[name] + self._offset}"

    def start(self, *names: str) -> None:
        """Start processes and wait until they serve."""
        for name in names:
            self.running[name] = Child(self._process(name), self._folder / f"{name}.jsonl")
        self.wait_ready(*names)

    def restart(self, name: str) -> None:
        """Kill a process and start it again."""
        self.kill(name)
        self.start(name)

    def wait_ready(self, *names: str) -> None:
        """Wait until processes serve."""
        for name in names:
            child = self.running[name]
            wait_until(
                lambda child=child: answers(f"http://127.0.0.1:{child.process.ports[0]}/readyz"),
                30,
                lambda child=child: child.exit_code is None,
                lambda child=child: child.log.read_text("utf-8")[-2000:],
            )

    def kill(self, name: str) -> None:
        """Do what kill -9 does."""
        child = self.running.pop(name)
        child.kill()
        assert child.wait(5)

    def end(self, name: str) -> int | None:
        """End a process in order; its exit code."""
        child = self.running.pop(name)
        child.end()
        assert child.wait(15), f"{name} does not end"
        return child.exit_code

    def twin(self, name: str, offset: int) -> Child:
        """Start another process of a service, on the same database, `offset` ports further."""
        process = self._process(name)
        port = process.ports[0] + offset
        moved = dataclasses.replace(process, arguments=(process.arguments[0], port), ports=(port,))
        return Child(moved, self._folder / f"{name}-{offset}.jsonl")

    def _twins(self, name: str) -> list[str]:
        port = PORTS[name] + self._offset
        return [f"http://127.0.0.1:{port + self._replicas[name]}"] if name in self._replicas else []

    def _process(self, name: str) -> Process:
        port = PORTS[name] + self._offset
        peers = {
            f"{variable}_URLS": ",".join([self.url(peer), *self._twins(peer)])
            for variable, peer in {
                "ORDER": "order",
                "PAYMENT": "payment",
                "INVENTORY": "inventory",
                "CARD_ISSUER": "issuer",
            }.items()
        }
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "TRACELAB_"))}
        own = {"OTEL_SERVICE_NAME": name, "OTEL_TRACES_EXPORTER": "none", "TRACELAB_FAULTS": "on"}
        if name in self._databases:
            own["DATABASE_URL"] = self._databases[name]
        environment = {**inherited, **own, **peers, **self._environment, **self._each.get(name, {})}
        app = _APPS.get(name, f"services.{name}.app:app")
        return Process(name, 0, jobs.serve, (app, port), (port,), "", environment)

    # What a customer does

    def order(self, body: object = None, *, key: str | None = None, **headers: str | bytes | None) -> Answer:
        """Place an order at the gateway."""
        return ask(
            f"{self.url('gateway')}/orders",
            "POST",
            an_order() if body is None else body,
            **{"idempotency_key": key or new_key(), **headers},
        )

    def get(self, path: str, service: str = "gateway", **headers: str | bytes | None) -> Answer:
        """GET a path."""
        return ask(self.url(service) + path, "GET", **headers)

    def post(
        self, service: str, path: str, body: object = None, key: str | None = None, **headers: str | bytes | None
    ) -> Answer:
        """POST to a service with an idempotency key."""
        return ask(self.url(service) + path, "POST", body, **{"idempotency_key": key or new_key(), **headers})

    def calm(self) -> None:
        """Wait until the shop sells as if nothing had happened: every circuit breaker is closed again."""

        def sells() -> None:
            made = self.order()
            assert made.status == 201
            assert self.get(made.headers["location"]).status == 200
            assert self.get("/products").status == 200

        eventually(sells, 20)

    # What must be true of it

    def books(self) -> dict[str, Any]:
        """Every service's totals."""
        return {name: self.get("/books", name).body for name in ("order", "payment", "inventory")}

    def assert_balanced(self) -> dict[str, Any]:
        """Nothing is under way, and stock, charges and orders tell the same story."""
        books = self.books()
        orders, payments, stock = books["order"], books["payment"], books["inventory"]
        confirmed = orders.get("confirmed", {"count": 0, "amount": 0, "units": 0})
        captured = payments.get("captured", {"count": 0, "amount": 0})
        assert not {"pending", "undoing"} & orders.keys(), books
        assert "authorised" not in payments, books
        assert stock["available"] + stock["reserved"] == stock["initial"], books
        assert stock["reserved"] == confirmed["units"], books
        assert captured == {"count": confirmed["count"], "amount": confirmed["amount"]}, books
        return books

    def settle(self, budget: float | None = None) -> dict[str, Any]:
        """Wait until every order is settled, and the books balance: its time, and a little for a busy machine."""
        return eventually(self.assert_balanced, (budget or self.budget) + _RECOVERY + 6)

    def orders_id(self, key: str) -> str | None:
        """The id of the order made under a key, which nobody tells before its checkout has ended."""

        async def read() -> str | None:
            async with self._in_orders() as connection:
                return await connection.scalar(sa.text("SELECT id FROM orders WHERE key = :key"), {"key": key})

        return asyncio.run(read())

    @contextmanager
    def locked_orders(self) -> Iterator[None]:
        """Keep the order service from writing to its database."""
        with asyncio.Runner() as runner:
            stack = AsyncExitStack()
            connection = runner.run(stack.enter_async_context(self._in_orders()))
            lock = "LOCK TABLE orders IN SHARE MODE" if connection.dialect.name == "postgresql" else "BEGIN IMMEDIATE"
            runner.run(connection.execute(sa.text(lock)))
            yield
            runner.run(stack.aclose())

    @asynccontextmanager
    async def _in_orders(self) -> AsyncIterator[AsyncConnection]:
        engine = create_async_engine(self._databases["order"], poolclass=sa.NullPool)
        async with engine.connect() as connection:
            yield connection

    def log(self, name: str) -> list[dict[str, Any]]:
        """A process's log lines; a line that is not JSON fails the test."""
        with (self._folder / f"{name}.jsonl").open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def logs(self) -> list[Path]:
        """Every process's log file."""
        return sorted(self._folder.glob("*.jsonl"))

    def assert_quiet(self) -> None:
        """No service has met anything unforeseen."""
        for name in NAMES:
            with suppress(FileNotFoundError):
                for line in self.log(name):
                    assert "exception" not in line, f"{name}: {line['exception']}"
                    assert line.get("status") != 500, f"{name}: {line}"
