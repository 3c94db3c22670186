"""`tracelab up --overlay DIR`: a learner's own files are served, and what is wrong with them is one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from discovery.trace import Kind, Trace
from lab import overlay, state
from lab.customer import Customer
from lab.options import Options, WrongUse
from lab.shop import Shop
from tests.lab.conftest import Command, free_offset

DELIVERY = '''"""A service that the shop does not have."""

from fastapi import FastAPI

app = FastAPI()


@app.post("/deliveries")
async def deliver() -> dict[str, str]:
    """Take something along."""
    return {"status": "on its way"}
'''


PLACE = "    return await instead_of(checkout).place(new, key)\n"
ASK = '    await Peer("delivery", config.urls("delivery", 8085)).post("/deliveries", {}, key)\n'


def lay(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Write files by their paths, and give their folder."""
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trace]:
    """An order at a shop in which a handler, a service and a setting are a learner's."""
    shops = (state.ROOT / "services/order/app.py").read_text(encoding="utf-8")
    assert shops.count(PLACE) == 1
    files = {
        "services/delivery/app.py": DELIVERY,
        "services/order/app.py": shops.replace(PLACE, ASK + PLACE),
        "settings.toml": '[payment]\nOTEL_SERVICE_NAME = "cashier"\n[all]\nOTEL_BSP_SCHEDULE_DELAY = "100"\n',
    }
    folder = overlay.checked(lay(tmp_path_factory.mktemp("overlay"), files))
    options = Options(state=tmp_path_factory.mktemp("state"), port_offset=free_offset(), overlay=folder)
    with Shop(options) as shop:
        customer = Customer(shop.url, shop.tracing.query)
        answer = customer.buy()
        assert answer.status == 201
        yield customer.traces()[answer.trace_id]
    assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()) == sorted(files)


def test_a_changed_handler_is_served(order: Trace):
    """Order's handler asks somebody whom the shop's own does not know."""
    asked = [span for span in order.spans if span.service == "delivery" and span.kind is Kind.SERVER]
    assert [span.name for span in asked] == ["POST /deliveries"]
    caller = order.span(asked[0].parent_id)
    assert caller is not None
    assert (caller.service, caller.kind) == ("order", Kind.CLIENT)


def test_a_new_service_joins_the_trace(order: Trace):
    """It is traced without a line about tracing, and no parent is missing."""
    assert {"gateway", "order", "inventory", "delivery"} < set(order.services)
    assert not order.missing


def test_settings_reach_their_service_alone(order: Trace):
    """Payment was given another name; nobody else was."""
    assert set(order.services) - {"client"} == {"gateway", "order", "cashier", "inventory", "delivery"}


def test_what_is_not_overlaid_is_the_shops_own(tmp_path: Path):
    """An overlay of settings alone is one, and changes no file."""
    folder = overlay.checked(lay(tmp_path, {"settings.toml": '[all]\nCOLOUR = "blue"\n[order]\nCOLOUR = "red"\n'}))
    assert overlay.new_services(folder) == ()
    assert overlay.of_service(folder, "payment")["COLOUR"] == "blue"
    assert overlay.of_service(folder, "order")["COLOUR"] == "red"
    assert overlay.of_service(None, "order") == {}


WRONG = [
    ({}, "nothing in it can be laid over the shop; expected gateway/, services/ or settings.toml"),
    ({"payment/app.py": ""}, "nothing in it can be laid over the shop"),
    ({"settings.toml": "[payment\n"}, "settings.toml: Expected ']' at the end of a table declaration (at line 1"),
    ({"settings.toml": b"\xff"}, "settings.toml: 'utf-8' codec"),
    ({"settings.toml": "[paiment]\n"}, "settings.toml: [paiment] is unknown; expected one of all, gateway, order"),
    ({"settings.toml": "COLOUR = 'red'\n"}, "settings.toml: [COLOUR] is unknown"),
    ({"settings.toml": "[order]\nTIMES = 3\n"}, '[order] TIMES must be a text, in quotes: TIMES = "..."'),
    ({"services/my-own/app.py": ""}, "services/my-own: a service's name must be a word, such as delivery"),
    ({f"services/own{number}/app.py": "" for number in range(6)}, "services: 6 services of your own; 5 at most"),
    ({"services/payment/app.py": "\n\nif (\n"}, "services/payment/app.py, line 3: '(' was never closed"),
    ({"services/kit/client.py": "  x = 1\n"}, "services/kit/client.py, line 1: unexpected indent"),
    ({"gateway/app.py": "return 1\n"}, "gateway/app.py, line 1: 'return' outside function"),
    ({"gateway/app.py": b"x = '\xff'\n"}, "gateway/app.py"),
    ({"gateway/app.py": b"\0"}, "gateway/app.py"),
]


@pytest.mark.parametrize(("files", "said"), WRONG)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, files: dict[str, str | bytes], said: str):
    """The file, the place in it and what was expected, before anything is started."""
    with pytest.raises(WrongUse) as raised:
        overlay.checked(lay(tmp_path, files))
    assert said in str(raised.value).replace("\\", "/")
    assert "\n" not in str(raised.value)


def test_no_folder_is_one_sentence(tmp_path: Path):
    """A path that is not there, or is a file, is named."""
    (tmp_path / "file.py").write_text("", encoding="utf-8")
    for path in (tmp_path / "nowhere", tmp_path / "file.py"):
        with pytest.raises(WrongUse, match=r"--overlay .*: expected a folder with files such as"):
            overlay.checked(path)


def test_up_says_where_it_cannot_be_read(tracelab: Callable[..., Command], tmp_path: Path):
    """A slip of the pen in a learner's file: exit code 2, the file and the line, and no process is left."""
    folder = lay(tmp_path / "copy", {"services/payment/app.py": "from fastapi import FastAPI\n\ndef broken(:\n"})
    up = tracelab("up", "--overlay", str(folder), "--port-offset", str(free_offset()))
    assert up.end() == 2
    assert up.text() == f"tracelab: {folder}/services/payment/app.py, line 3: invalid syntax; this is not Python yet.\n"


def test_up_says_where_it_dies(tracelab: Callable[..., Command], tmp_path: Path):
    """A learner's file that can be read and not run: which service, its last words with file and line, exit code 1."""
    folder = lay(tmp_path / "copy", {"services/payment/app.py": "from fastapi import FastAPI\n\napp = FastApi()\n"})
    up = tracelab("up", "--overlay", str(folder), "--port-offset", str(free_offset()))
    assert up.end() == 1
    assert "payment died (exit code 1)" in up.text()
    assert f'File "{folder}/services/payment/app.py", line 3' in up.text()
    assert "NameError: name 'FastApi' is not defined" in up.text()
    assert "Traceback" not in up.text()
