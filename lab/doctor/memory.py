"""How much memory programs may still have, as each system tells it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def available_mb() -> int | None:
    """Memory for new programs without swapping, in MB; None where the system does not tell."""
    try:
        if sys.platform == "win32":
            return _windows() // 1024**2
        return (_macos() if sys.platform == "darwin" else _linux()) // 1024**2
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _linux() -> int:
    """MemAvailable of /proc/meminfo (proc(5)), in bytes."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
    if found is None:
        raise ValueError("no MemAvailable")
    return int(found[1]) * 1024


def _macos() -> int:
    """What vm_stat(1) calls free, inactive or speculative, in bytes."""
    text = subprocess.run(["/usr/bin/vm_stat"], capture_output=True, timeout=5, check=True, encoding="ascii").stdout
    size = re.search(r"page size of (\d+) bytes", text)
    pages = re.findall(r"^Pages (?:free|inactive|speculative):\s+(\d+)", text, re.MULTILINE)
    if size is None or not pages:
        raise ValueError("vm_stat tells something else")
    return int(size[1]) * sum(map(int, pages))


if sys.platform == "win32":
    import ctypes

    class _Status(ctypes.Structure):
        """MEMORYSTATUSEX of sysinfoapi.h."""

        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "available", "a", "b", "c", "d", "e")),
        ]

    def _windows() -> int:
        """Of GlobalMemoryStatusEx the available physical memory, in bytes."""
        status = _Status(length=ctypes.sizeof(_Status))
        if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            raise OSError("GlobalMemoryStatusEx failed")
        return int(status.available)
