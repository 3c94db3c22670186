"""What a learner saves is served at once, and what cannot be read yet changes nothing."""

from __future__ import annotations

import time

import pytest

from lab import orders, overlay, state
from lab.options import Options
from lab.shop import Shop
from tests.lab.conftest import free_offset

_FILE = "services/payment/app.py"


@pytest.fixture
def copy(tmp_path):
    """A copy of one file of the shop, as it is there."""
    file = tmp_path / "copy" / _FILE
    file.parent.mkdir(parents=True)
    file.write_text((state.ROOT / _FILE).read_text(encoding="utf-8"), encoding="utf-8")
    return file


def waited(condition):
    """Wait until something is so; the test's own limit ends it where it never is."""
    while not condition():
        time.sleep(0.05)


def test_saving_is_serving(copy, tmp_path):
    """A broken save leaves the shop as it was, a good one is served, and one that dies is mended by the next."""
    told: list[str] = []
    right = copy.read_text(encoding="utf-8")
    options = Options(state=tmp_path / "state", port_offset=free_offset(), overlay=overlay.checked(tmp_path / "copy"))
    with Shop(options, told.append) as shop:
        before = shop.pids["payment"]
        copy.write_text(right + "\nif (\n", encoding="utf-8")
        waited(lambda: any(f"{_FILE}, line" in line and "stays up" in line for line in told))
        assert (orders.buy(shop.url, "tea-pot").status, shop.pids["payment"]) == (201, before)

        copy.write_text(right.replace('.body["approved"]', '.body["no such member"]'), encoding="utf-8")
        waited(lambda: shop.pids["payment"] != before)
        shop.wait_ready()
        assert orders.buy(shop.url, "tea-pot").status == 503

        copy.write_text("1 / 0\n", encoding="utf-8")
        waited(lambda: any("ZeroDivisionError" in line for line in told))
        copy.write_text(right, encoding="utf-8")
        waited(lambda: sum(line.startswith("what you saved") for line in told) == 3)
        shop.wait_ready()
        assert orders.buy(shop.url, "tea-pot").status == 201
