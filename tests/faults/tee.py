"""One OTLP receiver that hands everything on to several, so that one run is in all backends at once."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.tracing.sinks import answering

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextmanager
def tee(endpoints: Sequence[str], seen: list[bytes]) -> Iterator[str]:
    """An address for OTEL_EXPORTER_OTLP_ENDPOINT; `seen` gets every request's body, once all receivers took it."""

    def hand_on(body: bytes) -> None:
        for endpoint in endpoints:
            request = urllib.request.Request(
                f"{endpoint}/v1/traces", data=body, headers={"content-type": "application/x-protobuf"}
            )
            with _OPENER.open(request, timeout=10) as response:
                assert response.status == 200
        seen.append(body)

    with answering(0, b"", hand_on) as address:
        yield address
