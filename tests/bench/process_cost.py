"""What a process and its children use: processor time and memory, from /proc (Linux only)."""

from __future__ import annotations

import os
import time
from pathlib import Path

_TICK = 1e6 / os.sysconf("SC_CLK_TCK")  # microseconds
_LISTENS = "0A"


def cpu_us(pid: int) -> float:
    """Processor time so far of a process, its children, and those of them that ended; microseconds."""
    return sum(sum(map(int, _stat(each)[11:15])) for each in _tree(pid)) * _TICK


def pss_mb(pid: int) -> float:
    """Memory of a process and its children, shared pages shared out; MB of 2**20 bytes."""
    lines = [line for each in _tree(pid) for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def settled_cpu_us(pid: int, *, calm: float = 2.0, within: float = 60.0) -> float:
    """Wait until a process rests (2% of one core at most, for `calm` seconds); its processor time then."""
    give_up = time.monotonic() + within
    before = cpu_us(pid)
    while True:
        time.sleep(calm)
        now = cpu_us(pid)
        if now - before <= 0.02 * calm * 1e6 or time.monotonic() > give_up:
            return now
        before = now


def listener(port: int) -> int:
    """Return the process that listens on a port of this machine; LookupError where none is seen."""
    rows = [line.split() for file in ("tcp", "tcp6") for line in Path(f"/proc/net/{file}").read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[3] == _LISTENS and row[1].endswith(f":{port:04X}")}
    for process in sorted(int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()):
        try:
            if any(str(link.readlink()) in sockets for link in Path(f"/proc/{process}/fd").iterdir()):
                return process
        except OSError:  # it ended meanwhile, or is somebody else's
            continue
    raise LookupError(f"No process is seen that listens on port {port}.")


def _tree(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").iterdir()
    children = [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    return [pid, *(each for child in children for each in _tree(child))]


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from `state` on: 11 to 14 are utime, stime, cutime and cstime."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
