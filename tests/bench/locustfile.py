"""The shop's usual mix for Locust's FastHttpUser; prints what a request cost this process."""

from __future__ import annotations

import json
import os
import time
from itertools import count

from locust import FastHttpUser, constant_throughput, events, task

_PER_USER = float(os.environ["PER_USER"])  # requests a second
_started: dict[str, float] = {}
_numbers = count()


class Customer(FastHttpUser):
    """Orders, reads orders, lists products: 5 to 3 to 2."""

    wait_time = constant_throughput(_PER_USER)

    @task(5)
    def order(self) -> None:
        """Place an order."""
        body = {"items": [{"sku": "tea-pot", "quantity": 1}], "card": "tok_visa"}
        self.client.post("/orders", json=body, headers={"Idempotency-Key": f"locust-{next(_numbers)}"}).json()

    @task(3)
    def read(self) -> None:
        """Read one."""
        self.client.get("/orders/order-1", name="/orders/{id}")

    @task(2)
    def products(self) -> None:
        """List the products."""
        self.client.get("/products")


@events.test_start.add_listener
def begin(environment: object, **_: object) -> None:
    """Note the processor time so far."""
    _started.update(cpu=time.process_time(), wall=time.time())


@events.test_stop.add_listener
def end(environment: object, **_: object) -> None:
    """Say what it took, as the benchmark reads it."""
    total = environment.stats.total  # type: ignore[attr-defined]
    now = time.time()
    found = {
        "us": (time.process_time() - _started["cpu"]) / total.num_requests * 1e6,
        "rate": total.num_requests / (now - _started["wall"]),
        "start": _started["wall"],
        "end": now,
        "p75": total.get_response_time_percentile(0.75),
        "p90": total.get_response_time_percentile(0.9),
        "failed": total.num_failures,
    }
    print("FOUND " + json.dumps(found), flush=True)
