"""`tracelab buy`: an order by one command, its trace named, a fault on the way where one is asked for."""

from __future__ import annotations

import pytest

from discovery import client
from lab import cli
from lab.shop import Shop


@pytest.fixture
def there(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The environment of a second terminal."""
    for name, value in shop.environment.items():
        monkeypatch.setenv(name, value)
    return shop


def bought(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Buy, and give the lines that are printed."""
    assert cli.main(["buy", *words]) == 0
    return capsys.readouterr().out.splitlines()


def test_an_order_and_its_trace(there: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """Status and order, the trace's id, and the link to its page; the trace is that of an order."""
    status, trace, link = bought(capsys, "tea-pot", "notebook")
    assert status.startswith("201 confirmed: order ")
    trace_id = trace.removeprefix("trace ")
    assert link == there.page(trace_id)
    assert "payment" in client.read(client.probe(there.tracing.query), trace_id).services


def test_a_fault_on_the_way(there: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """The answer is the failure's own, in words, with its trace."""
    status, trace, _ = bought(capsys, "--fault", "inventory.error:503")
    assert status.startswith("503 ")
    assert client.read(client.probe(there.tracing.query), trace.removeprefix("trace ")).errors


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(
    ("words", "said"),
    [(("--fault", "nobody.error"), "--fault"), (("--fault", "payment.clock-skew:5s"), "--fault"), (("nothing",), "")],
)
def test_wrong_use(words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A fault that there is not, or that cannot ride on a request, is one sentence; an unknown sku is answered 422."""
    code = cli.main(["buy", *words])
    out = capsys.readouterr()
    assert code == (2 if said else 0)
    assert said in out.err
    assert said or out.out.startswith("422 ")


def test_no_shop(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a shop one sentence says so."""
    monkeypatch.setenv("TRACELAB_TARGET", "http://127.0.0.1:1")
    assert cli.main(["buy"]) == 4
    assert "is the shop up?" in capsys.readouterr().err
