"""The control page in a real browser: what it offers is the catalogue's, and a choice is for one request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gateway import offer
from load.catalogue import catalogue
from services.kit import settings
from tests.real import devtools
from tests.real.chromium import Chromium
from tests.real.devtools import Page
from tests.services.fleet import Fleet

CATALOGUE = Path(__file__).parents[2] / "load" / "catalogue.toml"
RIDING = {name: fault for name, fault in catalogue().items() if fault.scope == "request"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A shop whose gateway was told where the catalogue is, as the launcher tells it."""
    folder = tmp_path_factory.mktemp("page")
    told = {"gateway": {"TRACELAB_CATALOGUE": str(CATALOGUE)}}
    with Fleet(folder, lambda name: f"sqlite+aiosqlite:///{(folder / f'{name}.db').as_posix()}", told) as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Page]:
    """A browser for all tests of this file."""
    with devtools.browsing(chromium) as found:
        yield found


@pytest.fixture
def page(shop: Fleet, browser: Page) -> Page:
    """The control page, ready for use."""
    browser.open(shop.url("gateway"))
    browser.until("document.querySelectorAll('#fault option').length > 1 && at('sku').length > 0")
    return browser


def choose(page: Page, fault: str) -> None:
    """Choose a fault as a person does."""
    page.value(f"at('fault').value = {json.dumps(fault)}; at('fault').dispatchEvent(new Event('change'))")


def type_parameter(page: Page, text: str) -> None:
    """Write another parameter."""
    page.value(f"at('parameter').value = {json.dumps(text)}; at('parameter').dispatchEvent(new Event('input'))")


def asked(page: Page, key: str) -> str:
    """Press a key and wait for the answer: its status line."""
    page.value("at('status').textContent = ''")
    page.press(key)
    page.until("at('status').textContent && at('form').ariaBusy !== 'true'")
    return str(page.value("at('status').textContent"))


def offered(page: Page, name: str) -> dict[str, object]:
    """What the page says of a fault, in each service that it offers it for: the same everywhere."""
    found = []
    for service in page.value("[...document.querySelectorAll('#fault optgroup')].map((group) => group.label)"):
        if page.value(f"[...at('fault').options].some((option) => option.value === '{service}.{name}')"):
            choose(page, f"{service}.{name}")
            shown = "[at('setting').hidden, at('parameter').value, at('bounds').textContent, at('seen').textContent]"
            found.append((service, page.value(shown), page.value("at('form').checkValidity()")))
    (said,) = {json.dumps(shown) for _, shown, _ in found}
    assert all(fits for _, _, fits in found)
    return {"services": {service for service, _, _ in found}, "said": json.loads(said)}


@pytest.mark.parametrize("name", RIDING)
def test_every_fault_that_rides_on_a_request_is_offered(page: Page, name: str) -> None:
    """The page has each such fault of the catalogue: its services, default, bounds, routes, and what a person sees."""
    fault = RIDING[name]
    found = offered(page, name)
    assert found["services"] == {*fault.services}
    hidden, default, bounds, seen = found["said"]
    assert hidden == (fault.parameter is None)
    if fault.parameter:
        assert default == fault.parameter.default
        assert bounds == f"{fault.parameter.least} to {fault.parameter.most}: {fault.parameter.sets}"
    assert fault.seen in seen
    assert all(route in seen for route in fault.routes)


def test_nothing_else_is_offered_and_nothing_is_spoilt(shop: Fleet, page: Page) -> None:
    """The list is that of the catalogue's scope `request`, without what gives a fault away in a trace."""
    names = page.value("[...at('fault').options].map((option) => option.value).filter(Boolean)")
    assert sorted(names) == sorted(f"{service}.{name}" for name, fault in RIDING.items() for service in fault.services)
    found = shop.get("/faults")
    wanted = {"services", "seen", "routes", "contagious", "parameter"}
    known = json.loads(msgspec.json.encode(RIDING))
    assert found.body == {
        name: {key: value for key, value in fault.items() if key in wanted} for name, fault in known.items()
    }
    assert "traceresponse" not in found.headers


def test_a_fault_is_for_the_next_request_only(page: Page) -> None:
    """The request carries it, with the parameter written; afterwards the choice is none, and all is well."""
    choose(page, "inventory.error")
    type_parameter(page, "507")
    assert asked(page, "b").startswith("503")
    assert page.value("at('status').textContent").count(" with inventory.error:507") == 1
    assert page.value("at('fault').value") == ""
    assert page.value("at('setting').hidden")
    assert asked(page, "b").startswith("201")
    assert " with " not in page.value("at('status').textContent")


def test_the_three_routes_by_keyboard(page: Page) -> None:
    """`r` has nothing to read before `b` bought; then it reads that order, and a fault rides on it; `l` lists."""
    assert "buy something first" in asked(page, "r")
    assert asked(page, "b").startswith("201")
    bought = page.value("JSON.parse(at('answer').textContent).id")
    assert asked(page, "r").startswith("200")
    assert page.value("JSON.parse(at('answer').textContent).id") == bought
    choose(page, "order.error")
    assert asked(page, "r").startswith("503")
    assert asked(page, "l").startswith("200")
    assert page.value("JSON.parse(at('answer').textContent)[0].sku")


def test_a_fault_by_keyboard(page: Page) -> None:
    """`f` leads to the list, typing finds a fault, Escape leaves it, and in a field no letter sends anything."""
    page.press("f")
    assert page.value("document.activeElement.id") == "fault"
    page.press(*"payment.la")
    assert page.value("at('fault').value") == "payment.latency"
    page.press("Escape")
    assert page.value("document.activeElement === document.body")
    assert asked(page, "b").endswith("…")
    assert "with payment.latency:300ms" in page.value("at('status').textContent")


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        *[("payment.latency", text) for text in ("", "0ms", "11s", "300", "1m", "-5s", "1e3ms", "300 ms", "10001ms")],
        *[("order.error", text) for text in ("499", "600", "5xx")],
        *[("order.n-plus-one", text) for text in ("1", "201", "2.5")],
        *[("order.large-payload", text) for text in ("0MB", "65MB", "16", "16mb")],
    ],
)
def test_a_parameter_out_of_bounds_is_told(page: Page, fault: str, text: str) -> None:
    """What the services would ignore is not sent: the page says what it expects instead."""
    choose(page, fault)
    type_parameter(page, text)
    page.value("at('status').textContent = ''; addEventListener('submit', () => { window.submitted = true }, true)")
    page.press("b")
    parameter = RIDING[fault.partition(".")[2]].parameter
    assert parameter
    assert f"From {parameter.least} to {parameter.most}" in page.value("at('parameter').validationMessage")
    assert page.value("window.submitted") is None


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits(page: Page, width: int, dark: bool) -> None:
    """Nothing sticks out at the side, on a laptop or a telephone, with a long fault chosen; dark is dark."""
    page.show(width, 900, dark=dark)
    choose(page, "payment.thread-starvation")
    assert page.value("document.documentElement.scrollWidth <= innerWidth")
    paper = page.value("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)")


@pytest.mark.parametrize("told", [{}, {"TRACELAB_FAULTS": "off", "TRACELAB_CATALOGUE": str(CATALOGUE)}])
def test_no_fault_is_offered(tmp_path: Path, browser: Page, told: dict[str, str]) -> None:
    """With faults off, or no catalogue, there is nothing to choose, and the rest of the page works."""
    databases = {"inventory": f"sqlite+aiosqlite:///{(tmp_path / 'inventory.db').as_posix()}"}
    with Fleet(
        tmp_path, lambda name: databases.get(name, "unused"), {"gateway": told}, names=("inventory", "gateway")
    ) as shop:
        assert shop.get("/faults").body == {}
        browser.open(shop.url("gateway"))
        browser.until("at('sku').length > 0")
        assert browser.value("at('lab').hidden && at('keys').hidden")
        assert browser.value("at('fault').length") == 1
        assert asked(browser, "l").startswith("200")


@pytest.mark.parametrize("text", [None, "no = [catalogue", "[latency]\nservices = 3"])
def test_a_catalogue_that_is_none(tmp_path: Path, text: str | None) -> None:
    """A file that is not there, or is something else, is named with its variable."""
    file = tmp_path / "catalogue.toml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"TRACELAB_CATALOGUE is '.*catalogue\.toml', but must be"):
        offer.offered(settings.read("gateway", {"TRACELAB_CATALOGUE": str(file)}).catalogue)
