"""The servers that the benchmarks compare, each a process of its own: the built-in backend, Jaeger, Zipkin."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench import process_cost
from tests.real import process, tracing
from tests.real.tracing import Tracing

_COMMAND = (sys.executable, "-P", "-m", "lab.cli", "backend")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `folder` is where it keeps spans; None where it keeps them in memory."""

    name: str
    at: Tracing
    pid: int
    folder: Path | None = None

    def endpoint(self, form: str) -> str:
        """Return where spans of this form go."""
        return self.at.zipkin_endpoint if form == "zipkin" else f"{self.at.otlp_endpoint}/v1/traces"

    def file_mb(self) -> float:
        """Return how much disk its spans take, in MB of 2**20 bytes."""
        files = self.folder.rglob("*") if self.folder else ()
        return sum(file.stat().st_size for file in files) / 2**20


@contextmanager
def builtin(folder: Path, options: Sequence[str] = ()) -> Iterator[Server]:
    """Start the built-in backend with these options on top, its spans in a file in `folder`."""
    port, otlp = process.free_ports(2)
    url, store = f"http://127.0.0.1:{port}", folder / "store"
    store.mkdir()
    command = [*_COMMAND, "--port", str(port), "--otlp-port", str(otlp), *options]
    if offers("--store"):
        command += ["--store", str(store / "spans")]
    with process.running(command, folder, lambda: process.answers(f"{url}/health"), seconds=10) as child:
        yield Server("builtin", Tracing(url, f"{url}/api/v2/spans", f"http://127.0.0.1:{otlp}"), child.pid, store)


@contextmanager
def beside(folder: Path) -> Iterator[list[Server]]:
    """Start all three; Jaeger and Zipkin as the tests do."""
    os.environ.setdefault("MEM_MAX_SPANS", "50000")  # Zipkin's heap has 384 MB: its usual 500,000 do not fit
    with ExitStack() as stack:
        found = []
        for name, start in (("zipkin", tracing.zipkin), ("jaeger", tracing.jaeger)):
            own = folder / name
            own.mkdir()
            at = stack.enter_context(start(own))
            found.append(Server(name, at, process_cost.listener(urlsplit(at.query_url).port or 80)))
        own = folder / "builtin"
        own.mkdir()
        yield [stack.enter_context(builtin(own)), *found]


def offers(option: str) -> bool:
    """Tell whether `tracelab backend` has this option."""
    told = subprocess.run([*_COMMAND, "--help"], capture_output=True, text=True, check=True)
    return option in told.stdout
