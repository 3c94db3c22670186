"""Whether ports are free, and who holds those that are not."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

_STEPS = range(1000, 21000, 1000)  # offsets worth proposing: below the ports that systems hand out by themselves


class Busy(Exception):
    """A port of ours belongs to another program."""

    exit_code = 2


def check(ports: Sequence[int], base_offset: int) -> None:
    """Raise Busy, with the holders and an offset that would work, unless every port is free."""
    taken = [port for port in ports if not is_free(port)]
    if not taken:
        return
    told = [f"{port} is taken{_by(port)}" for port in taken]
    fitting = free_offset([port - base_offset for port in ports])
    many = "Ports" if len(taken) > 1 else "Port"
    raise Busy(f"{many} {', '.join(told)}: stop what holds it, or move every port with --port-offset {fitting}.")


def free_offset(ports: Iterable[int], steps: Iterable[int] = _STEPS) -> int:
    """The first offset at which all ports are free."""
    wanted = list(ports)
    for step in steps:
        if all(is_free(port + step) for port in wanted):
            return step
    raise Busy("No free ports were found.")


def is_free(port: int) -> bool:
    """Tell whether a server could listen here, and whether nobody answers already (on another address, say)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        if sys.platform != "win32":  # there it would share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise Busy(f"Port {port} may not be used by this user: choose another with --port-offset N.") from error
            return False
        except OverflowError as error:
            raise Busy(f"Port {port} does not exist: choose a smaller --port-offset.") from error
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as caller:
        caller.settimeout(0.2)
        return caller.connect_ex(("127.0.0.1", port)) != 0


def _by(port: int) -> str:
    """Name the holder, where Linux tells; elsewhere or of another user it stays unknown."""
    inodes = _listening(port)
    for process in Path("/proc").glob("[0-9]*") if inodes else ():
        try:
            if any(str(link.readlink()) in inodes for link in (process / "fd").iterdir()):
                name = (process / "comm").read_text(encoding="utf-8").strip()
                return f" by {name} (pid {process.name})"
        except OSError:
            continue
    return ""


def _listening(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found
