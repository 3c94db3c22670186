"""`docker compose run --rm lab doctor` beside the shop in containers."""

from __future__ import annotations

import json

from tests.docker.shop import SERVICES, Shop


def test_the_path_is_whole(shop: Shop) -> None:
    """From a container of its own it walks from the gateway to the backend, and asks every service on the way."""
    told = json.loads(shop.compose("run", "--rm", "lab", "doctor", "--json"))
    found = {check["name"]: check for check in told["checks"]}
    assert told["stops_at"] is None, told
    assert [name for name in SERVICES if name not in found["services"]["text"]] == []
    assert found["exporter"]["fine"]
    assert found["backend"]["text"].endswith(f"answers as {shop.backend.capitalize()} does")
    assert found["trace"]["fine"]
