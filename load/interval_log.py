"""latency.hdr: every histogram of a run in HdrHistogram's interval log, which its own tools plot.

The format is version 1.3 of HistogramLogWriter.java (https://github.com/HdrHistogram/HdrHistogram): comment lines, a
legend, then `[Tag=NAME,]start,length,max,histogram`, times in seconds after StartTime, the maximum in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import add
from urllib.parse import quote

from load import histogram
from load.figures import Figures, Part
from load.histogram import Histogram

_LEGEND = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'


def text(figures: Figures) -> str:
    """Write a line for each phase, route and measure, and one without a tag for each phase's latency altogether."""
    start = figures.whole.start
    lines = [
        "#[Histogram log format version 1.3]",
        f"#[StartTime: {start.timestamp():.3f} (seconds since epoch), {start:%a %b %d %H:%M:%S %Z %Y}]",
        _LEGEND,
    ]
    for phase, part in figures.phases:
        interval = f"{(part.start - start).total_seconds():.3f},{part.seconds:.3f}"
        lines += [_line(name, interval, found) for name, found in _tagged(phase.name, part)]
    return "\n".join(lines) + "\n"


def tag(phase: str, route: str, measure: str) -> str:
    """Name a line: `fault:POST%20/orders:latency`; a tag can hold neither a space nor a comma."""
    return ":".join(quote(each, safe="/{}") for each in (phase, route, measure))


def _tagged(phase: str, part: Part) -> Iterator[tuple[str, Histogram]]:
    latencies = {route: histogram.of(found.latency) for route, found in part.routes.items()}
    yield "", reduce(add, latencies.values(), Histogram())
    for route, found in part.routes.items():
        yield tag(phase, route, "latency"), latencies[route]
        yield tag(phase, route, "service"), histogram.of(found.service)


def _line(name: str, interval: str, found: Histogram) -> str:
    longest = found.percentile(100) / 1e6
    return f"{f'Tag={name},' if name else ''}{interval},{longest:.3f},{found.encoded()}"
