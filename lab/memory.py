"""How much memory this process and all below it use, each shared page counted once."""

from __future__ import annotations

import os
from pathlib import Path


def pss_kib() -> int | None:
    """Proportional set size of the whole family in KiB; None where the system does not tell."""
    parents = _parents()
    family = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    sizes = [_pss(pid) for pid in family]
    return sum(size for size in sizes if size is not None) if sizes and None not in sizes else None


def _parents() -> dict[int, int]:
    found = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        found[int(status.parent.name)] = int(fields[1])
    return found


def _pss(pid: int) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), None)
