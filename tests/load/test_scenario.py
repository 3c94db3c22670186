"""Scenario files, what the command line changes about them, and the words for faults."""

from __future__ import annotations

import msgspec
import pytest

from load import catalogue
from load.adjust import adjusted
from load.document import read
from load.errors import WrongUse
from load.scenario import Phase, Scenario, find
from services.kit.faults.plane import Plane

PHASE = '[[phase]]\nname = "p"\nduration = "1s"\nrate = 5\n'


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("", "phase", "the key 'phase' is missing"),
        ("phase = = 1", "not TOML", "line 1"),
        (PHASE.replace("5", '"fast"'), "phase[0].rate", "expected a number, got a text"),
        (PHASE.replace("5", "0"), "phase[0].rate", "> 0"),
        (PHASE.replace("5", "nan"), "phase[0].rate", "> 0"),
        (PHASE.replace("5", "9000"), "phase[0].rate", "<= 2000"),
        (PHASE.replace("1s", "1 hour"), "phase[0]: duration", "300ms, 1.5s or 2m"),
        (PHASE.replace("1s", "0s"), "phase[0]: duration", "longer than nothing"),
        (PHASE.replace("1s", "61m"), "phase", "60 is the most"),
        (PHASE.replace("1s", "20m").replace("5", "2000"), "phase", "200,000 is the most"),
        (PHASE + "arrivals = 'now and then'", "phase[0].arrivals", "'now and then' is none of: constant, poisson"),
        (PHASE + "percent = 101", "phase[0].percent", "<= 100"),
        (PHASE + "colour = 'red'", "phase[0]", "there is no key 'colour'; there are: name, duration"),
        (PHASE + "fault = 'payment.gremlins'", "phase[0]: fault", "latency, error"),
        (PHASE.replace('"p"', r'"\u001b[2J"'), "phase[0]", "printable"),
        (PHASE + PHASE, "phase", "name of its own"),
        (PHASE + "thresholds = ['p99']", "phase[0]: thresholds", "such as p99 < 300ms"),
        (PHASE + "thresholds = 'p99 < 1s'", "phase[0].thresholds", "expected a list, got a text"),
        ("thresholds = ['p99 < 300']\n" + PHASE, "thresholds", "a duration such as 300ms"),
        (PHASE + "[mix]\n'POST /pizza' = 1", "mix", "'POST /pizza' is none of: GET /orders/{id}, "),
        (PHASE + "[mix]\n'GET /products' = inf", "mix", "1000000"),
        (PHASE + "[mix]\n'GET /products' = 0", "mix", "above 0"),
        (PHASE + "[mix]\n'GET /orders/{id}' = 1", "mix", "POST /orders"),
    ],
)
def test_bad_file(tmp_path, text, key, expected):
    """A bad scenario file is refused with one sentence that names the file, the key and what was expected."""
    path = tmp_path / "나쁜 것.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WrongUse) as caught:
        find(str(path))
    sentence = str(caught.value)
    assert caught.value.exit_code == 2
    assert sentence.startswith(str(path))
    assert key in sentence
    assert expected in sentence
    assert "\n" not in sentence


def test_files_that_are_not_there_or_not_text(tmp_path):
    """A missing file, a folder, and one that is not UTF-8 are each refused in a sentence that names it."""
    (tmp_path / "latin.toml").write_bytes(b'about = "caf\xe9"')
    (tmp_path / "folder.toml").mkdir()
    for name, expected in (("none.toml", "no file"), ("latin.toml", "UTF-8"), ("folder.toml", "cannot be read")):
        with pytest.raises(WrongUse, match=expected) as caught:
            find(str(tmp_path / name))
        assert name in str(caught.value)


def test_a_byte_order_mark_is_no_error(tmp_path):
    """A file saved by Windows' Notepad, with its mark before the text, is read."""
    path = tmp_path / "mine.toml"
    path.write_text(PHASE, encoding="utf-8-sig")
    assert find(str(path)).phase[0].rate == 5


def test_unknown_name():
    """An unknown name lists the scenarios that there are."""
    with pytest.raises(WrongUse, match=r"there are: .*browse, .*smoke, .*steady"):
        find("stedy")


def test_rate_and_duration():
    """--rate sets every phase's pace; --duration is the whole run's, of which each phase keeps its part."""
    changed = adjusted(find("slow-payment"), rate=40, duration="7s")
    assert [phase.rate for phase in changed.phase] == [40, 40, 40]
    assert [phase.milliseconds for phase in changed.phase] == [2000, 3000, 2000]


def test_rate_keeps_the_shape():
    """A spike stays a spike under another --rate: the first phase begins with it, the others keep their proportion."""
    wanted = find("spike").phase
    changed = adjusted(find("spike"), rate=2).phase
    assert changed[0].rate == 2
    assert changed[1].rate == pytest.approx(2 * wanted[1].rate / wanted[0].rate)
    assert adjusted(find("ramp-to-breaking"), rate=10).phase[0].ramp_to == 50


def test_fault_in_a_ramp():
    """A healthy ramp with --fault still climbs once, through baseline, fault and recovery."""
    ramp = Scenario(phase=(Phase(name="up", duration="9s", rate=10, ramp_to=40),))
    changed = adjusted(ramp, fault="payment.latency").phase
    assert [(phase.name, phase.rate, phase.ramp_to) for phase in changed] == [
        ("baseline", 10, 20),
        ("fault", 20, 30),
        ("recovery", 30, 40),
    ]


def test_fault_in_place_of_another():
    """--fault and --percent replace those of the scenario, in the phases that had one."""
    changed = adjusted(find("slow-payment"), fault="order.error:500", percent=7)
    assert [(phase.fault, phase.percent) for phase in changed.phase] == [
        (None, 100),
        ("order.error:500", 7),
        (None, 100),
    ]


def test_fault_in_a_healthy_scenario():
    """--fault on a scenario of one healthy phase makes it before, during and after, a fifth of the requests hit."""
    changed = adjusted(find("steady"), fault="payment.latency")
    assert [(phase.name, phase.duration, phase.fault) for phase in changed.phase] == [
        ("baseline", "10000ms", None),
        ("fault", "10000ms", "payment.latency"),
        ("recovery", "10000ms", None),
    ]
    assert changed.phase[1].percent == 20


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"rate": 0}, "> 0"),
        ({"rate": float("nan")}, "> 0"),
        ({"rate": 1e9}, "<= 2000"),
        ({"duration": "soon"}, "'soon' is not a duration"),
        ({"duration": "0s"}, "longer than nothing"),
        ({"duration": "999m"}, "60 is the most"),
        ({"percent": 10}, "--fault"),
        ({"fault": "payment.latency:300ms", "percent": 0}, "> 0"),
        ({"fault": "payment.latency:11s"}, "1ms..10s"),
    ],
)
def test_bad_options(options, expected):
    """An option out of bounds is refused in a sentence that says what is expected."""
    with pytest.raises(WrongUse) as caught:
        adjusted(find("steady"), **options)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("payment.latency", "payment.latency:300ms"),
        ("payment.latency:1.5s", "payment.latency:1500ms"),
        ("payment.latency:0.1m", "payment.latency:6000ms"),
        ("inventory.error", "inventory.error:503"),
        ("order.error:500~payment.latency:1ms", "order.error:500~payment.latency:1ms"),
    ],
)
def test_spelling_of_faults(text, meant):
    """A fault may be written in several ways, and goes out in one that the services obey."""
    assert catalogue.canonical(text) == meant
    for single in meant.split("~"):
        assert len(Plane(single.partition(".")[0], None).read(single)) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("payment", "SERVICE.FAULT"),
        ("payment.", "SERVICE.FAULT"),
        ("pay ment.latency", "SERVICE.FAULT"),
        ("payment.latency:", "duration"),
        ("payment.latency:0ms", "1ms..10s"),
        ("payment.latency:10001ms", "1ms..10s"),
        ("payment.error:404", "500..599"),
        ("payment.error:5x3", "HTTP status"),
        ("payment.error:٥٠٣", "HTTP status"),
        ("till.latency", "gateway, order, payment, inventory"),
        ("payment.gremlins", "latency, error"),
        ("order.error~order.error~order.error~order.error", "3 at most"),
    ],
)
def test_nonsense_for_a_fault(text, expected):
    """What the services would silently ignore is refused beforehand, with what was expected."""
    with pytest.raises(ValueError, match=r".") as caught:
        catalogue.canonical(text)
    assert expected in str(caught.value)


CATALOGUE = """
[clock-skew]
services = ["inventory"]
scope = "start"
seen = "."
signature = "."
parameter = { kind = "duration", sets = "how far", default = "5s", least = "1s", most = "9s" }
"""


def test_fault_of_the_start(tmp_path):
    """A fault that cannot ride on a request is refused with the command that sets it when the shop starts."""
    path = tmp_path / "catalogue.toml"
    path.write_text(CATALOGUE, encoding="utf-8")
    with pytest.raises(ValueError, match=r"tracelab up --with inventory\.clock-skew:5s"):
        catalogue.canonical("inventory.clock-skew:5s", catalogue.catalogue(path))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [("start", "moon", "scope"), ('"5s"', '"50s"', "parameter"), ("seen", "sees", "there is no key 'sees'")],
)
def test_bad_catalogue(tmp_path, before, after, expected):
    """A mistake in the catalogue is told with its file, key and reason."""
    path = tmp_path / "catalogue.toml"
    path.write_text(CATALOGUE.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(WrongUse) as caught:
        read(path, catalogue.Catalogue)
    assert str(path) in str(caught.value)
    assert expected in str(caught.value)


def test_scenarios_can_be_made_in_python():
    """A scenario written back as data is the same scenario, so that other parts may make them up."""
    steady = find("steady")
    assert msgspec.convert(msgspec.to_builtins(steady), Scenario) == steady
