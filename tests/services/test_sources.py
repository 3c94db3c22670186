"""What can be seen without running anything: no tracing in the services' own code, and every setting documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.kit.products import PRODUCTS
from services.order.model import SEED

ROOT = Path(__file__).resolve().parents[2]
OWN = [
    path
    for part in ("gateway", "services/order", "services/payment", "services/inventory")
    for path in (ROOT / part).rglob("*.py")
]


@pytest.mark.parametrize("path", OWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_about_tracing(path: Path) -> None:
    """A service's own code does not so much as mention OpenTelemetry."""
    assert "opentelemetry" not in path.read_text(encoding="utf-8").lower()


@pytest.mark.parametrize("path", [path for path in OWN if path.name == "app.py"], ids=lambda path: path.parent.name)
def test_an_app_is_read_on_one_screen(path: Path) -> None:
    """At most 80 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 80


def test_every_app_was_looked_at() -> None:
    """The tests above have something to read."""
    assert sorted(path.parent.name for path in OWN if path.name == "app.py") == [
        "gateway",
        "inventory",
        "order",
        "payment",
    ]


def test_every_setting_is_documented() -> None:
    """docs/settings.md has a row for each environment variable that a service reads, and for no other."""
    source = (ROOT / "services/kit/settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'"([A-Z][A-Z_]+)"', source)) | {"TRACELAB_CLOCK_SKEW_MS"}  # telemetry's: before all else
    peers = {
        f"{peer.upper()}_URLS"
        for path in OWN
        for peer in re.findall(r'config\.urls\("([a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE))
    assert {"DATABASE_URL", "TRACELAB_FAULTS", "TRACELAB_BUDGET_MS"} <= read
    assert peers == {"ORDER_URLS", "PAYMENT_URLS", "INVENTORY_URLS", "CARD_ISSUER_URLS"}
    assert documented == read | peers


def test_order_and_inventory_have_one_price_list() -> None:
    """Every product can be ordered."""
    [(_, rows)] = SEED
    assert {row["sku"] for row in rows} == {product.sku for product in PRODUCTS}
