"""What children are forked from."""

from __future__ import annotations

import subprocess
import sys


def test_the_nursery_has_every_library_and_no_application() -> None:
    """All of its imports exist (the fork server would hide a failure), and none of them is ours."""
    code = "import sys, lab.nursery; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, encoding="utf-8", check=True)
    roots = set(done.stdout.split())
    assert {"fastapi", "sqlalchemy", "httpx2", "opentelemetry"} <= roots
    assert not roots & {"services", "gateway", "backend", "discovery", "load"}
