"""Faults leave nothing behind, do not mix, betray nothing, and nonsense is no fault."""

from __future__ import annotations

import http.client
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from load.catalogue import catalogue
from services.kit.faults import plane
from tests.faults import run
from tests.faults.conftest import Everywhere
from tests.faults.signatures import late_start, refused
from tests.faults.table import CORE, ORDERS, REST
from tests.services.asking import attest, eventually

# Plain words of the field: an error and an exception are recorded as such, and a declined card has that outcome.
_PLAIN = {"error", "exception", "declined", "latency"}


def test_nothing_betrays_a_fault(everywhere: Everywhere) -> None:
    """No span, tag, event or log line of any fault's run contains a fault's name, however spelt, or the word itself."""
    for signature in (*CORE, *REST):
        everywhere.run(signature)
    names = [name.replace("-", "[-_ ]?") for name in catalogue() if name not in _PLAIN]
    telling = re.compile(rf"\bfaults?\b|inject|chaos|sabotage|{'|'.join(names)}".encode(), re.IGNORECASE)
    told = {found for body in everywhere.sent for found in telling.findall(body)}
    assert not told
    for log in everywhere.here.shop.logs():
        assert not (found := telling.search(log.read_bytes())), f"{log.name}: {found}"
    assert any(b"exception.stacktrace" in body for body in everywhere.sent)  # there was something to look at


def test_every_fault_has_a_signature() -> None:
    """Each fault of scope `request` in the catalogue is in the table, or has a test of its own here."""
    tried = {signature.fault.partition(":")[0].partition(".")[2] for signature in (*CORE, *REST)}
    apart = {"cold-cache": "test_signatures.py", "metastable": "test_metastable.py"}
    wanted = {name for name, fault in catalogue().items() if fault.scope == "request"}
    assert tried | apart.keys() >= wanted
    for name, file in apart.items():
        if name in wanted:
            assert name in Path(__file__).with_name(file).read_text(encoding="utf-8")


def test_a_load_that_is_killed_leaves_no_fault_behind(everywhere: Everywhere) -> None:
    """After kill -9 in the middle of a fault phase, not one order fails."""
    shop = everywhere.here.shop
    shop.calm()
    options = ["--percent", "100", "--duration", "15s", "--rate", "20", "--target", shop.url("gateway")]
    load = subprocess.Popen(
        [sys.executable, "-m", "lab.cli", "load", "steady", "--fault", "inventory.error:503", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: attest("failed" in shop.books()["order"]), 20)
    finally:
        load.kill()
        load.wait()
    shop.calm()  # a breaker may have opened: it closes by itself
    assert {shop.order().status for _ in range(20)} == {201}


def test_two_loads_do_not_mix(everywhere: Everywhere) -> None:
    """Two runs at once, each with a fault of its own: each shows its own, and only that."""
    everywhere.here.shop.calm()
    slow, failing = late_start("payment", 0.5), refused("inventory")
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(run.send, everywhere.here, "payment.latency:500ms", ORDERS, 24)
        other = pool.submit(run.send, everywhere.here, "inventory.error:503", ORDERS, 24)
        runs = one.result(), other.result()
    everywhere.here.drain()
    first, second = (run.stored(everywhere.backends["built-in"], made) for made in runs)
    assert all(map(slow, first.affected))
    assert not any(map(failing, (*first.affected, *first.innocent)))
    assert all(map(failing, second.affected))
    assert not any(map(slow, (*second.affected, *second.innocent)))
    assert not any(map(slow, first.innocent))
    assert not any(map(failing, second.innocent))


def nonsense(number: int) -> Iterator[bytes]:
    """Values for the baggage that ask for nothing: bits of what would, other scripts, controls, and plain bytes."""
    chance = random.Random(7)
    words = ["fault=", "gateway", "order", "payment", ".", ":", "~", "latency", "error", "503", "300ms", "-1", "9" * 40]
    words += [
        ",",
        ";",
        "=",
        "%",
        "%00",
        "%7E",
        "%ff",
        "+",
        " ",
        "\t",
        '"',
        "\\",
        "\xff",
        "e",
        "NaN",
        "",
        "../",
        "{{",
        "\x7f",
    ]
    services = [plane.Plane(name, None) for name in ("gateway", "order", "payment", "inventory")]
    while number:
        value = "".join(chance.choices(words, k=chance.randrange(12)))
        if chance.random() < 0.1:
            value = bytes(chance.choices(range(32, 256), k=chance.randrange(300))).decode("latin-1")
        if chance.random() < 0.5:
            value = f"fault={value}"
        asked = value.partition("fault=")[2].replace("%7E", "~").replace("+", " ").strip()
        if any(service.read(part) for service in services for part in (asked, *asked.replace(";", ",").split(","))):
            continue
        number -= 1
        yield value.encode("latin-1")


def test_nonsense_breaks_no_request(everywhere: Everywhere) -> None:
    """10,000 generated values of the baggage: every request is answered as if it had none."""
    everywhere.here.shop.calm()
    order = everywhere.here.shop.order().headers["location"]
    address = urlsplit(everywhere.here.shop.url("gateway"))
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    for number, value in enumerate(nonsense(10_000)):
        path = order if number % 20 == 0 else "/products"
        connection.request("GET", path, headers={"baggage": value})
        response = connection.getresponse()
        response.read()
        assert response.status == 200, (value, response.status)
    connection.close()
