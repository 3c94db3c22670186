"""The commands that mend, as this system's terminal takes them: a POSIX shell, or PowerShell on Windows."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping

from lab import up

JAEGER = "docker run -d --rm --name jaeger -p 127.0.0.1:16686:16686 -p 127.0.0.1:4318:4318 jaegertracing/jaeger:2.20.0"


def by_system(*, linux: str, macos: str, windows: str) -> str:
    """The one for this system."""
    return {"win32": windows, "darwin": macos}.get(sys.platform, linux)


def tracelab(command: str, offset: int = 0) -> str:
    """One of our own commands, on other ports where there is an offset."""
    return f"{up.command()} {command}" + (f" --port-offset {offset}" if offset else "")


def with_settings(settings: Mapping[str, str], command: str) -> str:
    """A command with environment variables for it."""
    if sys.platform == "win32":
        return "; ".join([*(f'$env:{name}="{value}"' for name, value in settings.items()), command])
    return " ".join([*(f"{name}={shlex.quote(value)}" for name, value in settings.items()), command])


def exported(name: str, value: str) -> str:
    """An environment variable for all that this terminal starts; `$HOME` may be in it."""
    return f'$env:{name}="{value}"' if sys.platform == "win32" else f'export {name}="{value}"'


def opened(page: str) -> str:
    """Show a page in the browser."""
    return f"{by_system(linux='python3', macos='python3', windows='py')} -m webbrowser {page}"


def clock() -> str:
    """Set the clock by the network."""
    return by_system(
        linux="sudo timedatectl set-ntp true",
        macos="sudo sntp -sS time.apple.com",
        windows="Start-Service w32time; w32tm /resync",
    )


def most_memory() -> str:
    """List what holds most memory."""
    return by_system(
        linux="ps aux --sort=-rss | head -6",
        macos="ps aux -m | head -6",
        windows="Get-Process | Sort-Object WS -Descending | Select-Object -First 6",
    )
