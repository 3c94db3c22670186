"""Break the shop at random, for real, ask `find` each time, and count how often it is right."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from discovery import client, otlp, run_folder
from discovery.culprit import gather
from discovery.culprit.judge import judge
from lab import state, up
from lab.evaluation import draws, running
from lab.evaluation.grade import Grade, grade
from lab.evaluation.report import summary, text, truth_of
from lab.evaluation.trial import Trial
from lab.options import WrongUse
from lab.tracing import Tracing


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `tracelab evaluate`."""
    parser.add_argument("--faults", type=int, default=10, metavar="N", help="trials to run, half a minute each (10)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the first trial's; the next ones follow (1)")
    parser.add_argument("--backend", default="builtin", metavar="builtin|jaeger|zipkin|URL", help="where spans go")
    parser.add_argument("--catalogue", action="store_true", help="every fault at its default strength, none at random")
    parser.add_argument("--healthy", action="store_true", help="only healthy shops: every culprit is a false alarm")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="keep the trials there, and go on where one was cut")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")


def run(args: argparse.Namespace) -> int:
    """Run the trials that are not there yet, and report on all."""
    if args.faults < 1:
        raise WrongUse(f"--faults {args.faults}: expected how many trials to run, 1 at least.")
    up.end_on_signals()
    folder = args.resume or state.folder() / "evaluations" / time.strftime("%Y-%m-%d-%H%M%S")
    trials = list(_trials(args))
    _say(f"{len(trials)} trials, some 25 s each; kept in {folder}. To go on after Ctrl-C: --resume {folder}")
    grades = []
    with running.backend(args.backend, folder / "backend") as to:
        for number, trial in enumerate(trials, 1):
            one = _kept(folder, trial) or _one(trial, to, folder)
            grades.append(one)
            _say(f"{number:4} of {len(trials)}  seed {trial.seed:<6} {_outcome(one)}")
    print(json.dumps(summary(grades)) if args.json else "\n" + text(grades))
    return 0


def _trials(args: argparse.Namespace) -> Iterator[Trial]:
    if args.catalogue:
        return draws.defaults(args.seed)
    draw = draws.calm if args.healthy else draws.trial
    return (draw(args.seed + number) for number in range(args.faults))


def _one(trial: Trial, to: Tracing, folder: Path) -> Grade:
    place = folder / str(trial.seed)
    done = running.run(trial, to, place)
    case = gather.of_stored_run(client.probe(to.query), run_folder.read(done))
    graded = grade(trial, judge(case), case, done)
    if not _is_right(graded):  # for whoever wants to know why
        spans = [span for sample in (*case.healthy, *case.troubled) for span in sample.trace.spans]
        (place / "traces.json").write_text(json.dumps(otlp.as_json(spans)), encoding="utf-8")
    result = {"trial": asdict(trial), "grade": graded.as_json()}
    unfinished = place / "result.json.new"
    unfinished.write_text(json.dumps(result, indent=1), encoding="utf-8")
    unfinished.replace(place / "result.json")
    return graded


def _kept(folder: Path, trial: Trial) -> Grade | None:
    """The grade of an earlier session, if it finished this very trial."""
    try:
        found = json.loads((folder / str(trial.seed) / "result.json").read_text(encoding="utf-8"))
    except OSError:
        return None
    if found["trial"] != json.loads(json.dumps(asdict(trial))):
        raise WrongUse(f"{folder} holds another evaluation: its trial {trial.seed} is not the one asked for now.")
    told = found["grade"]
    return Grade(**{**told, "truth": tuple(told["truth"]), "also": tuple(told["also"])})


def _is_right(one: Grade) -> bool:
    return all(one.right.values()) if one.truth else not one.said


def _outcome(one: Grade) -> str:
    return f"{'right' if _is_right(one) else 'WRONG'}  {truth_of(one)}: {one.said or 'nobody'}"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
