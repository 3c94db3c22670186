"""Imported once by the process that all children are forked from: heavy libraries, and never an application of ours.

An application must be imported after its own process has started its telemetry, and read its own environment.
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
    "pydantic.v1",
    "uvicorn",
    "uvicorn.lifespan.on",
    "uvicorn.loops.asyncio",
    "uvicorn.protocols.http.h11_impl",
    "anyio.from_thread",
    "anyio._backends._asyncio",
    "httpx2",
    "httpcore2",
    "stamina",
    "msgspec.json",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "aiosqlite",
    "requests",
    "opentelemetry.sdk.trace.export",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.instrumentation.distro",
    "opentelemetry.instrumentation.httpx",
    "opentelemetry.instrumentation.sqlalchemy",
)
for name in LIBRARIES:
    importlib.import_module(name)

gc.collect()
gc.freeze()  # the collector leaves shared pages shared
