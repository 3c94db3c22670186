"""Imported once by the process that all children are forked from: heavy libraries, and never an application of ours.

An application imported here, before a child starts its telemetry, would be traced by FastAPI's own instrumentation.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os

# Out of the terminal's process group: Ctrl-C reaches the launcher alone, which stops its children in order.
with contextlib.suppress(OSError):
    os.setsid()

LIBRARIES = (
    "fastapi",
    "uvicorn",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.lifespan.on",
    "aiosqlite",
    "httpx2",
    "msgspec",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "stamina",
    "opentelemetry.sdk.trace.export",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.instrumentation.fastapi",
    "opentelemetry.instrumentation.httpx",
    "opentelemetry.instrumentation.sqlalchemy",
    "opentelemetry.instrumentation.distro",
)
for name in LIBRARIES:
    importlib.import_module(name)

gc.collect()
gc.freeze()  # the collector leaves shared pages shared
