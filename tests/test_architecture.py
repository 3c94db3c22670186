"""What docs/architecture.md promises of the imports, beyond what import-linter can say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ("backend", "discovery", "gateway", "lab", "load", "services")
SDK = ("opentelemetry.sdk", "opentelemetry.exporter")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def users(*modules: str) -> set[str]:
    """The files of the project that import one of the modules."""
    return {
        path.relative_to(ROOT).as_posix()
        for part in PARTS
        for path in (ROOT / part).rglob("*.py")
        if any(name == module or name.startswith(module + ".") for name in imports(path) for module in modules)
    }


def test_the_sdk_is_known_to_the_kit_and_the_load_only() -> None:
    """The OpenTelemetry SDK and its exporters are imported in services/kit/telemetry.py and load/ and nowhere else."""
    found = {path for path in users(*SDK) if not path.startswith("load/")}
    assert found == {"services/kit/telemetry.py"}


def test_one_module_knows_the_http_client() -> None:
    """httpx2 is imported in one module of the kit only."""
    assert users("httpx2") == {"services/kit/client.py"}


def test_the_backend_is_never_traced() -> None:
    """The built-in backend has OpenTelemetry's message classes, and no SDK, no API and no instrumentation."""
    files = (ROOT / "backend").rglob("*.py")
    names = {name for path in files for name in imports(path) if name.startswith("opentelemetry")}
    assert names
    assert all(name.startswith("opentelemetry.proto") for name in names)


@pytest.mark.parametrize("part", ["gateway", "services/order", "services/payment", "services/inventory"])
def test_no_service_speaks_of_tracing(part: str) -> None:
    """The services' own code has no line about tracing: no import of OpenTelemetry, nor of the kit's telemetry."""
    for path in (ROOT / part).rglob("*.py"):
        bad = [name for name in imports(path) if "opentelemetry" in name or name.endswith("telemetry")]
        assert not bad, f"{path.name} imports {bad}"
