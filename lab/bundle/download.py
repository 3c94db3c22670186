"""Downloads wheels for another machine with this one's pip: its index, proxy and certificates are the user's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from lab.bundle.lock import Package
from lab.bundle.target import SYSTEMS, Target

_AT_ONCE = 10  # packages: pip keeps nothing of a call that is cut, and takes most of a second to start
_COLLECTING = re.compile(r"Collecting ([\w.-]+)")
_UNANSWERED = re.compile(
    r"(NewConnection|Proxy|ConnectTimeout|ReadTimeout|SSL|Connection)Error|name resolution|timed out"
)
_ABSENT = re.compile(r"No matching distribution found for (\S+)")
_ERROR = re.compile(r"^\s*(?:\w*Error|ERROR)\b.*$", re.MULTILINE)

Heed = Callable[[int, str], None]


class Unreachable(Exception):
    """No package index answers."""

    exit_code = 4


class Refused(Exception):
    """An index answers, but a wheel cannot be had or kept."""

    exit_code = 1


def download(packages: Sequence[Package], target: Target, folder: Path, heed: Heed) -> None:
    """Put wheels into a folder, those of a few packages at a time; tell `heed` each one's number, from 1, and name.

    Unreachable where no index answers, Refused where one lacks a wheel or sends a file that the lock does not name.
    """
    for begun in range(0, len(packages), _AT_ONCE):
        some = packages[begun : begun + _AT_ONCE]
        with tempfile.TemporaryDirectory(prefix="tracelab-") as temporary:
            wanted = Path(temporary, "requirements.txt")
            wanted.write_text("\n".join(package.line() for package in some) + "\n", encoding="utf-8")
            _call(_command(wanted, target, folder), target, begun, heed)


def _command(wanted: Path, target: Target, folder: Path) -> list[str]:
    platforms = [word for platform in SYSTEMS[target.system].platforms for word in ("--platform", platform)]
    return [
        *(sys.executable, "-m", "pip", "download", "--no-input", "--progress-bar=off", "--disable-pip-version-check"),
        *("--only-binary=:all:", "--no-deps", "--require-hashes", "--requirement", str(wanted), "--dest", str(folder)),
        *("--implementation", "cp", "--python-version", target.python, "--abi", target.abi, *platforms),
    ]


def _call(command: list[str], target: Target, begun: int, heed: Heed) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}
    said, number = [], begun
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment) as pip:
        try:
            for raw in pip.stdout or ():
                line = raw.decode("utf-8", "replace")
                said.append(line)
                if package := _COLLECTING.match(line):
                    number += 1
                    heed(number, package[1])
        except BaseException:
            pip.terminate()
            raise
    if pip.returncode:
        raise _explained("".join(said), pip.returncode, target)


def _explained(said: str, code: int, target: Target) -> Unreachable | Refused:
    """Make one sentence of pip's output."""
    errors = _ERROR.findall(said)
    reason = errors[-1].strip() if errors else f"pip ended with {code}"
    if "No space left" in said or "Errno 28" in said:
        return Refused("The disk is full, or the folder for temporary files (TMPDIR) is: make room, and start again.")
    if _UNANSWERED.search(said):
        return Unreachable(
            f"The packages could not be fetched ({reason}): connect to a network (behind a proxy, set HTTPS_PROXY) "
            "and start again."
        )
    absent = _ABSENT.search(said)
    if absent and "versions: none" in said:
        return Unreachable(
            f"No package index answers, or none has {absent[1]} for {target}: connect to a network and start again."
        )
    if absent:
        return Refused(f"The package index has no wheel of {absent[1]} for {target}: leave that out.")
    if "DO NOT MATCH THE HASHES" in said:
        return Refused(f"The package index sent a file for {target} that the lock does not name ({reason}).")
    return Refused(f"The download for {target} failed: {reason}")
