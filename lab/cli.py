"""The `tracelab` command: one table of commands, each imported only when it is called."""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
import traceback
from dataclasses import dataclass
from io import TextIOWrapper

from lab import state


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command lives, and its line in the help."""

    module: str
    help: str
    joins: bool = False  # uses the shop that is up, where one is
    proxied: bool = False  # sees the proxies of the environment as they are


COMMANDS = {
    "demo": Command("lab.demo", "start the shop, slow it down, break it, and see both in traces"),
    "up": Command("lab.up", "start the shop and keep it up until Ctrl-C"),
    "buy": Command("lab.buy", "order one thing, and get its trace", joins=True),
    "load": Command("load.command", "send a scenario's orders to a shop and report", joins=True),
    "scenarios": Command("load.scenarios_command", "list the scenarios"),
    "faults": Command("load.faults_command", "list the faults"),
    "find": Command("lab.find", "name the culprit from the traces alone, with evidence", joins=True),
    "show": Command("discovery.show", "draw one trace of a backend or a file", joins=True),
    "critical-path": Command(
        "discovery.critical_path_command", "what traces waited for: of a file, or of many", joins=True
    ),
    "diff": Command("discovery.diff_command", "two traces or two runs: added, removed, slower", joins=True),
    "dependencies": Command("discovery.dependencies_command", "who calls whom, from a file or a backend", joins=True),
    "backend": Command("backend.command", "run the built-in tracing backend alone"),
    "logs": Command("lab.logs", "the log lines of a trace or a service"),
    "reset": Command("lab.reset", "forget all data, traces and logs"),
    "evaluate": Command("lab.evaluation.command", "how right find is: random faults, run for real"),
    "learn": Command("lab.learn.command", "lessons that check themselves, and a mystery round"),
    "bundle": Command("lab.bundle.command", "a folder to install from without a network, and the mail for learners"),
    "board": Command("lab.board.command", "for a room: who has solved the mystery round"),
    "doctor": Command(
        "lab.doctor.command", "what is missing or wrong here, where traces stop, and how to mend it", proxied=True
    ),
    "test": Command("lab.test", "run the tests"),
    "install": Command("lab.install", "only make .venv"),
}


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code; no traceback reaches a user."""
    argv = sys.argv[1:] if argv is None else argv
    _never_fail_to_print()
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(_help())
        return 0
    command = COMMANDS.get(argv[0])
    if command is None:
        print(f"tracelab: {_unknown(argv[0])}", file=sys.stderr)
        return 2
    if not command.proxied:
        _pass_by_proxies()
    if command.joins:
        _join_the_shop()
    try:
        return _run(argv[0], command, argv[1:])
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - for the flush at exit
        return 0
    except Exception as error:
        return _explain(error)


def _run(name: str, command: Command, argv: list[str]) -> int:
    module = importlib.import_module(command.module)
    parser = argparse.ArgumentParser(f"tracelab {name}", description=module.__doc__, allow_abbrev=False)
    module.arguments(parser)
    code: int = module.run(parser.parse_intermixed_args(argv))  # options may stand anywhere
    sys.stdout.flush()
    return code


def _help() -> str:
    width = max(len(name) for name in COMMANDS)
    lines = [f"  {name.ljust(width)}  {command.help}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "usage: tracelab COMMAND [OPTIONS]",
            "",
            "A microservice shop on one laptop, made to be traced, broken on purpose and understood.",
            "",
            *lines,
            "",
            "tracelab COMMAND --help lists a command's options. Begin with: tracelab demo",
        ]
    )


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, COMMANDS, 1)
    meant = f"; did you mean {close[0]}?" if close else ""
    return f"there is no command {name!r}{meant} (tracelab --help lists them)"


def _never_fail_to_print() -> None:
    """A console that cannot spell a character shows another one; it does not end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _join_the_shop() -> None:
    """Point this command at the shop that is up, unless the environment says otherwise."""
    up = state.running(state.folder())
    for name, value in (up.environment if up else {}).items():
        os.environ.setdefault(name, value)


def _pass_by_proxies() -> None:
    """Reach loopback directly, whatever proxy the environment names."""
    bypass = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = [host.strip() for host in bypass.split(",") if host.strip()]
    hosts += [host for host in ("127.0.0.1", "localhost") if host not in hosts]
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(hosts)


def _explain(error: Exception) -> int:
    """Print an error that knows its exit code as the sentence it is; keep the details of any other in a file."""
    exit_code = getattr(error, "exit_code", None)
    if isinstance(exit_code, int):
        print(f"tracelab: {error}", file=sys.stderr)
        return exit_code
    details = "".join(traceback.format_exception(error))
    path = state.folder() / "crash.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(details, encoding="utf-8")
    except OSError:
        print(details, file=sys.stderr)
    print(f"tracelab: a bug of ours ({type(error).__name__}: {error}); its details are in {path}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
