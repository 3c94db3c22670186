"""The shop started the standard zero-code way: `opentelemetry-instrument uvicorn services.order.app:app`."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from lab import jobs
from lab.plan import Process
from tests.services.fleet import Fleet

_PROGRAMS = Path(sys.executable).parent


class ZeroCode(Fleet):
    """A fleet whose traced services are `opentelemetry-instrument uvicorn ...`, as the compose file has it."""

    def _process(self, name: str) -> Process:
        process = super()._process(name)
        if name == "issuer":
            return process
        app, port = process.arguments
        serve = (str(_PROGRAMS / "uvicorn"), app, "--host", "127.0.0.1", "--port", str(port), "--no-access-log")
        command = (str(_PROGRAMS / "opentelemetry-instrument"), *serve)
        return dataclasses.replace(process, job=jobs.program, arguments=command)
