"""Runs a trial for real: a shop of its own, the load as a user starts it, the traces into a backend that stays."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab import ports, start_faults, state, tracing
from lab.children import Child
from lab.evaluation.trial import Trial
from lab.options import Options
from lab.plan import PORTS, REPLICA_STEP, WIRE_STEP, Process
from lab.shop import Shop, answers
from lab.tracing import Tracing

_OFFSETS = range(23000, 32000, 10)  # any of them: another evaluation may start at the same moment
SHOP = [port + more for port in PORTS.values() for more in (0, WIRE_STEP, REPLICA_STEP, REPLICA_STEP + WIRE_STEP)]
_TRIES = 5
_SETTLING = 1.5  # seconds after the last answer in which what a service does afterwards is done and sent
_BUSY = "while True: sum(range(100000))"


class Failed(Exception):
    """A trial could not be run."""

    exit_code = 1


def offsets() -> list[int]:
    """Port offsets to try, in an order of their own."""
    return random.sample(_OFFSETS, len(_OFFSETS))


@contextmanager
def backend(make: str, folder: Path) -> Iterator[Tracing]:
    """Give a backend that outlives the shops which send to it; one that is started here ends here."""
    folder.mkdir(parents=True, exist_ok=True)
    offset = 0
    if make in ("builtin", "jaeger", "zipkin"):
        usual = (tracing.ZIPKIN_PORT, tracing.OTLP_PORT, tracing.JAEGER_PORT)
        offset = ports.free_offset(usual, offsets())
    chosen = tracing.choose(make, offset, folder)
    if chosen.job is None:
        yield chosen
        return
    environment = {**os.environ, **chosen.environment}
    process = Process("backend", 0, chosen.job, chosen.arguments, chosen.ports, chosen.ready, environment)
    child = Child(process, folder / "backend.jsonl")
    try:
        _await(chosen.ready, child)
        yield chosen
    finally:
        child.end()
        child.wait(20.0)
        child.kill()


def _await(url: str, child: Child) -> None:
    give_up = time.monotonic() + 60
    while not answers(url):
        if child.exit_code is not None or time.monotonic() > give_up:
            raise Failed(f"The backend did not start; see {child.log}.")
        time.sleep(0.05)


def run(trial: Trial, to: Tracing, folder: Path) -> Path:
    """Run a trial and return its run folder, `run` in the folder given, with `run.json` and `injected.json`.

    Another program may take a port between its being found free and being used; then the trial starts over.
    """
    for _ in range(_TRIES - 1):
        try:
            return _run(trial, to, folder)
        except ports.Busy:
            continue
    return _run(trial, to, folder)


def _run(trial: Trial, to: Tracing, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)  # what is left of a run that was cut
    folder.mkdir(parents=True)
    options = Options(
        state=folder / "shop",
        backend=to.query,
        replicas=trial.replicas,
        port_offset=ports.free_offset(SHOP, offsets()),
        environment=to.exporting,
    )
    if not trial.at_start:
        return _part(trial, options, folder / "run", ("baseline", "fault", "recovery"))
    broken = replace(options, faults=start_faults.read(trial.at_start))
    parts = (
        _part(trial, options, folder / "before", ("baseline",)),
        _part(trial, broken, folder / "after", ("fault", "recovery")),
    )
    return joined(folder / "run", trial, *parts)


def _part(trial: Trial, options: Options, out: Path, phases: tuple[str, ...]) -> Path:
    """Start a shop, send it some phases of the trial, and stop it."""
    with Shop(options) as shop, _neighbour(trial.busy):
        send(trial, phases, out, shop.environment)
        time.sleep(_SETTLING)
    return out


def send(trial: Trial, phases: tuple[str, ...], out: Path, environment: Mapping[str, str]) -> None:
    """Send some phases of a trial to the shop that an environment names, and leave a run folder."""
    scenario = out.with_suffix(".toml")
    scenario.write_text(_toml(trial.scenario(*phases)), encoding="utf-8")
    _load(scenario, out, trial.seed, {**os.environ, **environment})


def _load(scenario: Path, out: Path, seed: int, environment: Mapping[str, str]) -> None:
    command = [sys.executable, "-P", "-m", "lab.cli", "load", str(scenario), "--out", str(out), "--seed", str(seed)]
    done = subprocess.run(
        [*command, "--json"], cwd=state.ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if not (out / "run.json").exists():
        raise Failed(f"The load of {scenario} failed: {done.stderr.strip()[-500:]}")


@contextmanager
def _neighbour(busy: bool) -> Iterator[None]:
    """Take a processor beside the shop, where asked to."""
    if not busy:
        yield
        return
    other = subprocess.Popen([sys.executable, "-c", _BUSY])
    try:
        yield
    finally:
        other.kill()
        other.wait()


def joined(folder: Path, trial: Trial, *parts: Path) -> Path:
    """Make one run of the two that two starts of the shop had; the first one's facts stand for both."""
    folder.mkdir()
    runs = [json.loads((part / "run.json").read_text("utf-8")) for part in parts]
    whole = {
        **runs[0],
        "end": runs[-1]["end"],
        "valid": all(each["valid"] for each in runs),
        "counts": _sums(each["counts"] for each in runs),
        "errors": _sums(each["errors"] for each in runs),
        "spans": _sums(each["spans"] for each in runs),
        "phases": [phase for each in runs for phase in each["phases"]],
    }
    phases = [{"name": "baseline", "fault": None}, {"name": "fault", "fault": "~".join(trial.faults)}]
    (folder / "run.json").write_text(json.dumps(whole, indent=1), encoding="utf-8")
    injected = {"run": whole["run"], "seed": trial.seed, "phases": phases, "requests": []}
    (folder / "injected.json").write_text(json.dumps(injected, indent=1), encoding="utf-8")
    return folder


def _sums(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for key, count in part.items():
            total[key] = total.get(key, 0) + count
    return total


def _toml(scenario: dict[str, Any]) -> str:
    """Write a scenario; texts and numbers are spelt in TOML as in JSON."""
    lines = ["[mix]", *_pairs(scenario["mix"])]
    for phase in scenario["phase"]:
        lines += ["", "[[phase]]", *_pairs(phase)]
    return "\n".join(lines) + "\n"


def _pairs(table: Mapping[str, Any]) -> Iterator[str]:
    return (f"{json.dumps(key)} = {json.dumps(value)}" for key, value in table.items())
