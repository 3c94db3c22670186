"""How long a trace of 10,000 spans of 15 tags takes from the click to its rows, and where the time goes.

`python -m tests.bench.trace_page [spans]`; milliseconds, the first visit and the median of those after it.
"""

from __future__ import annotations

import statistics
import sys

from tests.backend import made
from tests.backend.browser import browser, page
from tests.backend.running import builtin, post_json

_VISITS = 7
_BATCH = 500
_TIMES = """() => {
  const [load] = performance.getEntriesByType("navigation");
  const [shown] = performance.getEntriesByName("trace-shown");
  const [model] = performance.getEntriesByName("trace-parsed");
  return {
    server: load.responseStart - load.requestStart,
    transfer: load.responseEnd - load.responseStart,
    document: model.startTime - load.responseEnd,
    parse: model.duration,
    render: shown.startTime - model.startTime - model.duration,
    whole: shown.startTime,
  };
}"""


def main(spans: int) -> None:
    """Print a line a part."""
    with builtin() as backend, browser() as chrome, page(chrome, base_url=backend.query_url) as tab:
        sent = made.long(spans)
        for start in range(0, spans, _BATCH):
            post_json(backend.zipkin_endpoint, sent[start : start + _BATCH])
        visits = []
        for _ in range(_VISITS):
            tab.goto("/trace/10000")
            tab.locator(".rows .row").first.wait_for()
            visits.append(tab.evaluate(_TIMES))
        print(f"{spans} spans, {tab.evaluate('document.documentElement.innerHTML.length') / 1e6:.1f} MB of page")
        for part in visits[0]:
            later = statistics.median(visit[part] for visit in visits[1:])
            print(f"{part:10}{visits[0][part]:8.0f}{later:8.0f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
