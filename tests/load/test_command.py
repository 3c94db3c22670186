"""The command as people and scripts see it: output, files, exit codes, Ctrl-C."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import threading
import time
from contextlib import suppress

import pytest

from load import catalogue, command, faults_command, scenarios_command
from load.errors import Unreachable, WrongUse

QUICK = ("--duration", "0.3s", "--rate", "50")


def run(*arguments, module=command):
    """Call a command in this process."""
    parser = argparse.ArgumentParser()
    module.arguments(parser)
    return module.run(parser.parse_args(arguments))


def finished(process, seconds=20):
    """Wait for a process: its exit code, output and error output."""
    out, errors = process.communicate(timeout=seconds)
    return process.returncode, out.decode("utf-8", "replace"), errors.decode("utf-8", "replace")


def test_report(shop, capsys):
    """The report has a table for each phase and route, error classes, links to the slowest and first failed trace."""
    code = run("failing-inventory", "--percent", "50", "--rate", "200", "--duration", "0.42s")
    text = capsys.readouterr().out
    assert code == (3 if "INVALID" in text else 0)  # a busy machine may make a short run invalid
    for words in ("baseline", "fault", "recovery", "POST /orders", "GET /orders/{id}", "GET /products", "x HTTP 503"):
        assert words in text
    links = re.findall(r"http://127\.0\.0\.1:9411/trace/([0-9a-f]{32})", text)
    assert {*links} <= {span.trace_id.hex() for _, span in shop.otlp_spans()}
    first_failed = re.search(r"First failed: HTTP 503, .*\n.*/trace/(\w+)", text)[1]
    hit = {seen.trace_id for seen in shop.seen if "baggage" in seen.headers}
    assert first_failed in hit
    assert max(len(line) for line in text.splitlines() if "://" not in line) <= 80


def test_links_lead_where_the_environment_says(shop, capsys, monkeypatch):
    """TRACELAB_TRACE_URL is the link, with the trace's id in its place."""
    monkeypatch.setenv("TRACELAB_TRACE_URL", "http://jaeger.example/trace/{trace_id}?x=1")
    run("steady", *QUICK)
    assert re.search(r"http://jaeger\.example/trace/[0-9a-f]{32}\?x=1", capsys.readouterr().out)


def test_nothing_sampled(shop, capsys, monkeypatch):
    """Where the sampler takes nothing, the report says how many have no trace, and offers no link."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    run("steady", *QUICK)
    text = capsys.readouterr().out
    sent = len(shop.seen) - 1  # one was the visit
    assert f"{sent} of {sent} requests were not sampled" in text
    assert "/trace/" not in text


def test_nothing_sent(shop, capsys):
    """A run too short and slow for a single request is reported like any other, and proves no threshold."""
    assert run("steady", "--rate", "0.01", "--duration", "0.1s") == 1
    text = capsys.readouterr().out
    assert re.search(r"all +0 +0", text)
    assert re.search(r"FAILED p99 < 1s +nothing", text)


def test_without_scenario(shop, capsys):
    """With no scenario it lists those there are and runs `steady`: what the compose file's plain `load` does."""
    run(*QUICK)
    text = capsys.readouterr().out
    assert all(f"\n  {name} " in text for name in ("failing-inventory", "slow-payment", "steady"))
    assert "steady: Ordinary customers" in text
    assert len(shop.seen) > 5


def test_json(shop, capsys):
    """--json prints one object on standard output and nothing else, with counts, times and traces of each phase."""
    code = run("slow-payment", "--percent", "50", "--rate", "200", "--duration", "0.42s", "--json")
    told = json.loads(capsys.readouterr().out)
    assert [phase["name"] for phase in told["phases"]] == ["baseline", "fault", "recovery"]
    assert told["counts"]["sent"] == sum(phase["counts"]["sent"] for phase in told["phases"]) > 40
    assert told["spans"] == {"ended": told["counts"]["sent"], "delivered": told["counts"]["sent"], "lost": 0}
    assert code == (0 if told["valid"] else 3)
    assert told["slowest"]["url"].endswith(told["slowest"]["trace_id"])


def test_folder(shop, tmp_path, capsys):
    """--out leaves times, counts and ids in run.json without a word of what was injected; injected.json tells that."""
    folder = tmp_path / "내 runs" / "one"
    quick = ("--rate", "200", "--duration", "0.42s")
    run("slow-payment", "--fault", "inventory.error", "--percent", "50", *quick, "--out", str(folder))
    text = (folder / "run.json").read_text(encoding="utf-8")
    assert not [word for word in ("inventory", "payment", "percent") if word in text]
    told, injected = json.loads(text), json.loads((folder / "injected.json").read_text(encoding="utf-8"))
    assert told["phases"][1]["failed"]
    assert injected["phases"][1] == {"name": "fault", "fault": "inventory.error:503", "percent": 50, "sampled": 100}
    assert {each["trace_id"] for each in injected["requests"]} == {
        seen.trace_id for seen in shop.seen if "baggage" in seen.headers
    }
    assert "<details><summary>What was injected" in (folder / "report.html").read_text(encoding="utf-8")
    assert (folder / "latency.hdr").read_text(encoding="ascii").count("Tag=") >= 6
    assert f"open {folder / 'report.html'}" in capsys.readouterr().out
    with pytest.raises(WrongUse, match="holds a run already"):
        run("steady", "--out", str(folder))


def test_folder_that_cannot_be(shop, tmp_path):
    """A folder that cannot be made is told before anything is sent."""
    (tmp_path / "file").touch()
    with pytest.raises(WrongUse, match="cannot be written"):
        run("steady", "--out", str(tmp_path / "file" / "run"))
    assert not shop.seen


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nosuch"], "There is no scenario 'nosuch'"),
        (["steady", "--rate", "1e9"], "rate"),
        (["steady", "--duration", "2h"], "duration"),
        (["steady", "--fault", "payment.gremlins"], "there are: latency, error"),
        (["steady", "--target", "http://8.8.8.8"], "--i-own-this-target"),
        (["steady", "--target", "http://[::ffff:8.8.8.8]"], "--i-own-this-target"),
        (["steady", "--target", "http://[2001:4860:4860::8888]"], "--i-own-this-target"),
        (["steady", "--target", "ftp://127.0.0.1"], "http://127.0.0.1:8080"),
        (["steady", "--target", "http://127.0.0.1:99999"], "http://127.0.0.1:8080"),
        (["steady", "--target", "http://[::1"], "http://127.0.0.1:8080"),
        (["steady", "--target", "127.0.0.1:8080"], "http://127.0.0.1:8080"),
    ],
)
def test_wrong_use(shop, arguments, expected):
    """Wrong use is one sentence with exit code 2, and nothing is sent."""
    with pytest.raises(WrongUse) as caught:
        run(*arguments)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
    assert not shop.seen


def test_link_without_a_place_for_the_id(shop, monkeypatch):
    """A TRACELAB_TRACE_URL that cannot hold an id is refused before anything is sent."""
    monkeypatch.setenv("TRACELAB_TRACE_URL", "http://127.0.0.1/trace")
    with pytest.raises(WrongUse, match="TRACELAB_TRACE_URL"):
        run("steady")
    assert not shop.seen


def test_unreachable(shop):
    """Where nothing answers, the sentence has the address and the command to start a shop; exit code 4."""
    with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9: connection refused; start one with tracelab up"):
        run("steady", "--target", "http://127.0.0.1:9")


def test_unknown_host(shop):
    """A target whose name nobody knows is unreachable, not a crash."""
    with pytest.raises(Unreachable, match="the name is unknown"):
        run("steady", "--target", "http://no-such-host.invalid:8080")


THRESHOLDS = """
thresholds = ["GET /products: error_rate < 1%", "POST /orders: error_rate < 1%", "p50 < 10s"]
[[phase]]
name = "only"
duration = "0.2s"
rate = 100
thresholds = ["dropped <= 0"]
"""


def test_thresholds(shop, tmp_path, capsys):
    """A failed threshold makes the exit code 1; terminal, JSON and run.json have each with its measured value."""
    shop.answers["POST /orders"] = 500
    (tmp_path / "mine.toml").write_text(THRESHOLDS, encoding="utf-8")
    mine = str(tmp_path / "mine.toml")
    code = run(mine, "--out", str(tmp_path / "run"))
    text = capsys.readouterr().out
    told = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert code == (1 if told["valid"] else 3)
    assert re.search(r"  FAILED error_rate < 1% +100%  whole run, POST /orders\n", text)
    assert re.search(r"  ok     dropped <= 0 +0  only\n", text)
    assert [(each["phase"], each["passed"]) for each in told["thresholds"]] == [
        (None, True), (None, False), (None, True), ("only", True),
    ]  # fmt: skip
    assert told["thresholds"][1] == {
        "phase": None,
        "route": "POST /orders",
        "expression": "error_rate < 1%",
        "measured": 100.0,
        "unit": "%",
        "passed": False,
    }
    run(mine, "--json")
    assert [each["passed"] for each in json.loads(capsys.readouterr().out)["thresholds"]] == [True, False, True, True]


def test_how_to_keep_a_run(shop, capsys):
    """Without --out the last line says how to keep the next run."""
    run("steady", *QUICK)
    assert capsys.readouterr().out.endswith("tracelab load steady --out runs/NAME\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_reports(shop, start, tmp_path):
    """Ctrl-C in the midst of a run ends it at once, still reports what was sent and keeps it, with no traceback."""
    process = start("steady", "--rate", "40", "--out", "run")
    _wait_for(lambda: len(shop.seen) > 10)
    process.send_signal(signal.SIGINT)
    code, text, errors = finished(process)
    assert code == (3 if "INVALID" in text else 0)
    assert "Stopped early" in text
    assert re.search(r"all +\d+", text)
    assert "Slowest: " in text
    assert "Traceback" not in errors
    assert json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))["interrupted"] is True
    assert (tmp_path / "run" / "report.html").exists()
    assert re.match(r"steady 0/30 s .* in flight\n", errors)  # plain lines where nothing can be rewritten
    assert len(shop.otlp_spans()) == len(shop.seen) - 1  # the visit has no span


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs a way to stall a process")
def test_invalid_run(shop, start):
    """A generator that was itself stopped for a while says that the run is invalid and exits with 3."""
    process = start("steady", "--rate", "50", "--duration", "1s")
    _wait_for(lambda: len(shop.seen) > 5)
    process.send_signal(signal.SIGSTOP)
    threading.Timer(0.4, process.send_signal, [signal.SIGCONT]).start()
    code, text, _ = finished(process)
    assert code == 3
    assert "INVALID: the generator itself was" in text


@pytest.mark.parametrize("charset", ["cp949", "ascii"])
def test_poor_consoles(shop, start, tmp_path, charset):
    """A console that cannot spell everything gets question marks, never a crash."""
    (tmp_path / "mine.toml").write_text(
        'about = "한글 ☕"\n[[phase]]\nname = "☕"\nduration = "0.1s"\nrate = 50\n', encoding="utf-8"
    )
    code, text, errors = finished(start("mine.toml", PYTHONIOENCODING=charset))
    assert code in (0, 3)
    assert "Traceback" not in errors
    assert "?  " in text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_live_line(shop, start):
    """On a terminal the progress is one line that is rewritten."""
    import pty

    ours, theirs = pty.openpty()
    process = start("steady", *QUICK, stderr=theirs)
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # how it is told that the other end is closed
        while part := os.read(ours, 4096):
            shown += part
    process.wait(10)
    os.close(ours)
    assert shown.count(b"\r") > 2
    assert shown.count(b"\n") == 0
    assert max(len(part) for part in shown.decode().split("\r")) < 80


def test_scenarios(capsys):
    """`tracelab scenarios` lists each with what it is about."""
    assert run(module=scenarios_command) == 0
    text = capsys.readouterr().out
    assert "Payment is slow" in text
    assert max(map(len, text.splitlines())) <= 80


def test_faults(capsys):
    """`tracelab faults` lists them; one by name with how it is written; what it looks like only with --spoiler."""
    signatures = {name: fault.signature.strip()[:40] for name, fault in catalogue.catalogue().items()}
    assert run(module=faults_command) == 0
    listed = capsys.readouterr().out
    assert not [name for name in signatures if f"  {name} " not in listed]
    assert run("latency", module=faults_command) == 0
    told = capsys.readouterr().out
    assert "SERVICE.latency:300ms" in told
    assert not [name for name, each in signatures.items() if each in " ".join((listed + told).split())]
    assert run("latency", "--spoiler", module=faults_command) == 0
    assert signatures["latency"] in " ".join(capsys.readouterr().out.split())
    with pytest.raises(WrongUse, match="there are: latency, error"):
        run("gremlins", module=faults_command)


def _wait_for(condition, seconds=15):
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)
