"""Histograms and latency.hdr, read by the original library, which Zipkin's server brings along."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import zipfile
from base64 import b64decode
from datetime import timedelta
from pathlib import Path
from zlib import decompress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from load import histogram, interval_log
from load.figures import figures
from load.result import Outcome, Request, Result, Spans, Stretch, percentile
from load.scenario import Phase
from load.schedule import Arrival, Plan
from tests.load.test_result import START
from tests.real.absent import missing

TIMES = st.lists(st.floats(min_value=0.001, max_value=3_600_000), min_size=1)
PERCENTS = (0, 1, 50, 90, 99, 99.9, 100)


@given(TIMES)
def test_percentiles_to_three_digits(times):
    """A percentile is the exact one, too high by a thousandth or by half a microsecond at most."""
    recorded = histogram.of(times)
    for percent in PERCENTS:
        exact = percentile(times, percent) * 1e6
        assert exact - 1 <= recorded.percentile(percent) <= exact * 1.001 + 513


@given(TIMES, TIMES)
def test_adding(one, other):
    """Histograms of two processes add up to the one of all their requests."""
    assert histogram.of(one) + histogram.of(other) == histogram.of(one + other)


def test_extremes():
    """Nothing recorded has percentile 0; what took longer than a day is taken for a day."""
    assert histogram.of([]).percentile(99) == 0
    assert histogram.of([0.0]).percentile(100) == 511
    assert histogram.of([1e12]).percentile(100) >= histogram.HIGHEST


def test_encoding():
    """The bytes are those that the original library writes of the same values."""
    encoded = b64decode(histogram.of([0.0, 0.0, 0.0016, *[0.0026] * 300]).encoded())
    assert encoded[:8].hex() == f"1c849314{len(encoded) - 8:08x}"
    assert decompress(encoded[8:]).hex() == (
        "1c84931300000006000000000000000300000000000003e800004e94914f00003ff0000000000000"  # V2 head, Java's 2.2.2
        "04030200d804"  # 2 in the first bucket, two empty ones, 1, a single empty one, 300
    )


def run_of(times):
    """A run of two phases whose requests took these times on two routes, service 1 ms less."""
    phases = tuple(Phase(name=name, duration="1.5s", rate=1) for name in ("baseline", "부하, two"))
    half = timedelta(seconds=1.5)
    stretches = tuple(Stretch(phase.name, START + half * n, START + half * (n + 1)) for n, phase in enumerate(phases))
    routes = ("POST /orders", "GET /orders/{id}")
    requests = [
        Request(Arrival(number, number % 2, number, routes[number % 3 % 2], None), Outcome.OK, None, each, each - 1)
        for number, each in enumerate(times)
    ]
    requests.append(Request(Arrival(len(requests), 0, 0, "GET /products", None), Outcome.DROPPED))
    return figures(Result("r", "http://x", Plan(1, phases, ()), stretches, tuple(requests), False, True, Spans(0, 0)))


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """HdrHistogram's own library for Java, out of the server's jar."""
    jar = os.environ.get("ZIPKIN_JAR", "")
    if not Path(jar).is_file() or not shutil.which("java"):
        missing("zipkin")
    folder = tmp_path_factory.mktemp("hdr")
    with zipfile.ZipFile(jar) as outer:
        name = next(each for each in outer.namelist() if "/HdrHistogram-" in each)
        (folder / "HdrHistogram.jar").write_bytes(outer.read(name))
    return folder / "HdrHistogram.jar"


def test_the_original_library_reads_it(library, tmp_path):
    """HdrHistogram's log processor finds each phase, route and measure, and the exact percentiles to three digits."""
    random.seed(5)
    run = run_of([1 + random.lognormvariate(3, 1.5) for _ in range(5_000)])
    log = tmp_path / "latency.hdr"
    log.write_text(interval_log.text(run), encoding="ascii")

    def process(*options):
        command = ["java", "-cp", library, "org.HdrHistogram.HistogramLogProcessor", "-i", log, *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    tags = {
        (name, route, measure): interval_log.tag(name, route, measure)
        for name in ("baseline", "부하, two")
        for route in ("POST /orders", "GET /orders/{id}")
        for measure in ("latency", "service")
    }
    products = {interval_log.tag("baseline", "GET /products", each) for each in ("latency", "service")}
    assert set(process("-listtags").split("\n")[2:-1]) == {*tags.values(), *products}
    parts = {phase.name: part for phase, part in run.phases}
    name, route, measure = asked = ("부하, two", "GET /orders/{id}", "service")
    check(process("-tag", tags[asked], "-csv"), getattr(parts[name].routes[route], measure))
    check(process("-csv"), run.whole.total.latency)  # what has no tag is all latency


def check(told, times):
    """Compare the library's percentiles, in ms, with the exact ones."""
    rows = re.findall(r"^([\d.]+),([\d.]+),(\d+),", told, re.MULTILINE)
    assert int(rows[-1][2]) == len(times)
    for value, share, _ in rows:
        exact = percentile(times, float(share) * 100)
        assert float(value) == pytest.approx(exact, rel=0.002, abs=0.001), share
