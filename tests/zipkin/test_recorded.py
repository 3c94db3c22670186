"""The recorded traces: in, and the same out; found; linked as the real server links them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.backend.running import builtin
from tests.discovery.making import RECORDED
from tests.zipkin.server import RUN, Server, in_order, unique

EARLIER = 3650 * 86_400_000_000  # ten years in microseconds: other tests send the same traces, at their own time


@pytest.fixture(scope="module")
def both(zipkin) -> Iterator[tuple[Server, Server]]:
    """The real server and ours, each with all of the recorded traces, under ids and services of their own."""
    with builtin() as here:
        servers = Server(zipkin.query_url, is_ours=False), Server(here.query_url, is_ours=True)
        for server in servers:
            for file in RECORDED:
                server.keep(renamed(file))
        yield servers


def renamed(file) -> list[dict[str, Any]]:
    """Read a file's spans; their ids, times and services become such as no other test sends."""
    spans = json.loads(file.read_text("utf-8"))
    for span in spans:
        for timed in (span, *span.get("annotations", ())):
            if "timestamp" in timed:
                timed["timestamp"] -= EARLIER
        span["traceId"] = unique(f"{file.stem} {span['traceId']}")
        for side in ("localEndpoint", "remoteEndpoint"):
            if span.get(side, {}).get("serviceName"):
                span[side]["serviceName"] = f"{file.stem}-{RUN}-{span[side]['serviceName']}"
    return spans


def lowered(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lower the names, as Zipkin does and we do not (see differences.py), and put the spans in order."""
    for span in spans:
        if "name" in span:
            span["name"] = span["name"].lower()
        for side in ("localEndpoint", "remoteEndpoint"):
            if "serviceName" in span.get(side, {}):
                span[side]["serviceName"] = span[side]["serviceName"].lower()
    return in_order(spans)


def window(file) -> dict[str, int]:
    """Return parameters that look at a recorded trace's time."""
    times = [span["timestamp"] // 1000 for span in renamed(file) if "timestamp" in span]
    return {"endTs": max(times) + 1, "lookback": max(times) - min(times) + 2}


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_the_same_out(both, file):
    """A recorded trace is given back as the real server gives it back, which is as it was sent."""
    sent = renamed(file)
    real, ours = (server.trace(sent[0]["traceId"]) for server in both)
    assert in_order(ours) == in_order(sent)
    assert lowered(ours) == in_order(real)


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_found_by_each_of_its_services(both, file):
    """A recorded trace is found by each service in it, at its own time and not now, as on the real server."""
    sent = renamed(file)
    services = {span["localEndpoint"]["serviceName"] for span in sent if "serviceName" in span.get("localEndpoint", {})}
    for service in services:
        for server in both:
            then = server.ask(f"/api/v2/traces?{urlencode(window(file) | {'serviceName': service})}").json
            assert [{span["traceId"] for span in trace} for trace in then] == [{sent[0]["traceId"]}]
            assert server.ask(f"/api/v2/traces?serviceName={service}").json == []


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_the_same_links(both, file):
    """Who called whom in a recorded trace, how often and how often in vain, is what the real server counts."""
    real, ours = (links(server, file) for server in both)
    assert ours == real


def links(server: Server, file) -> set[tuple[str, str, int, int]]:
    """Return the links of a recorded trace; a link has no errorCount where no call failed."""
    found = server.ask(f"/api/v2/dependencies?{urlencode(window(file))}").json
    assert all(link.get("errorCount", 1) > 0 for link in found)
    return {
        (link["parent"].lower(), link["child"].lower(), link["callCount"], link.get("errorCount", 0))
        for link in found
        if link["parent"].startswith(f"{file.stem}-{RUN}")
    }
