"""Every backend that traces are read from."""

from __future__ import annotations

import pytest

from tests.backend.running import builtin

BACKENDS = ("jaeger", "zipkin", "built-in")


@pytest.fixture(params=BACKENDS)
def backend(request):
    """Each backend in turn."""
    if request.param != "built-in":
        yield request.getfixturevalue(request.param)
    else:
        with builtin() as found:
            yield found
