"""How long a trace of 10,000 spans takes to be on screen, in a real browser.

    python -P -m tests.bench.page [--spans 10000] [--runs 7]

server   from the request for /trace/ID to its last byte
screen   in Chromium, from the navigation's start to the second frame after the first rows are there

The runs alternate; each has a browser context of its own, so nothing is cached. Not a timed test: it asserts nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from random import Random

import msgspec
from playwright.sync_api import Browser, sync_playwright

from tests.bench import process_cost, servers
from tests.bench.batches import SERVICES, SIZE
from tests.bench.traffic import ask, connect, send, spread
from tests.real import chromium

ROWS = ".rows [role=row]"  # what the page draws a span as
_AIM = 1_000  # ms
_DRAWN = """rows => new Promise(done => {
  const look = () => document.querySelector(rows)
    ? requestAnimationFrame(() => requestAnimationFrame(() =>
        done([performance.now(), document.querySelectorAll(rows).length])))
    : requestAnimationFrame(look);
  look();
})"""


def main() -> None:
    """Send the trace, open it, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=7)
    args = parser.parse_args()
    spans = _trace(args.spans)
    with tempfile.TemporaryDirectory() as folder, servers.builtin(Path(folder)) as server, sync_playwright() as driver:
        bodies = [msgspec.json.encode(spans[first : first + SIZE]) for first in range(0, len(spans), SIZE)]
        send(server.endpoint("zipkin"), "zipkin", bodies, connections=1)
        process_cost.settled_cpu_us(server.pid)
        path = f"/trace/{spans[0]['traceId']}"
        browser = driver.chromium.launch(
            executable_path=chromium.find().program, args=["--no-sandbox", "--disable-gpu"]
        )
        connection = connect(server.at.query_url)
        served, screen, rows = [], [], 0.0
        for _ in range(args.runs):
            served.append(ask(connection, path))
            drawn, rows = _opened(browser, server.at.query_url + path)
            screen.append(drawn)
        browser.close()
    print(f"server  {spread(served)} ms")
    print(f"screen  {spread(screen)} ms, {rows:.0f} rows in the document; aim: < {_AIM} ms")


def _opened(browser: Browser, url: str) -> tuple[float, float]:
    """Milliseconds until rows are drawn, and how many of them are in the document then."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.goto(url, wait_until="commit")
        drawn, rows = page.evaluate(_DRAWN, ROWS)
        return drawn, rows


def _trace(number: int) -> list[dict[str, object]]:
    """A tree in which each span is called by one of the 50 before it; its times lie within its caller's."""
    chance = Random(1)
    trace_id = f"{chance.getrandbits(128):032x}"
    ids = [f"{chance.getrandbits(64):016x}" for _ in range(number)]
    times = [(time.time_ns() // 1000 - 10_000_000, 10_000_000)]
    made: list[dict[str, object]] = []
    for place, id_ in enumerate(ids):
        above = chance.randrange(max(0, place - 50), place) if place else None
        if above is not None:
            start, lasted = times[above]
            begin = chance.randrange(lasted // 2 + 1)
            times.append((start + begin, max(1, chance.randrange(lasted - begin + 1))))
        span: dict[str, object] = {
            "traceId": trace_id,
            "id": id_,
            "name": f"call {place % 40}",
            "kind": "SERVER",
            "timestamp": times[place][0],
            "duration": times[place][1],
            "localEndpoint": {"serviceName": SERVICES[place % len(SERVICES)]},
            "tags": {f"key.{tag}": f"value {tag} of {place}" for tag in range(8)},
        }
        made.append(span if above is None else span | {"parentId": ids[above]})
    return made


if __name__ == "__main__":
    main()
