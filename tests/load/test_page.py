"""report.html, opened in a real browser from a file: it draws every request, and a click opens its trace."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta

import pytest

from load import page, record
from load.result import Outcome, Request, Result, Spans, Stretch
from load.review import review
from load.scenario import Phase, Scenario
from load.schedule import Arrival, Plan
from tests.load.test_result import START, request, reviewed

EVIL = "</script><b>%{x}{{run}}"

# Moves the mouse over a dot as a person would, clicks, and counts the pixels of each phase's colour in the picture.
CLICK = """<script>
const seen = { opened: [], errors: [] }
addEventListener("error", event => seen.errors.push(event.message))
document.addEventListener("securitypolicyviolation", event => seen.errors.push(event.blockedURI))
window.open = (...with_what) => { seen.opened.push(with_what) }
async function act() {
  const chart = charts.dots, { xaxis, yaxis } = chart._fullLayout, area = chart.querySelector(".nsewdrag")
  const { left, top } = area.getBoundingClientRect()
  for (const [when, how_long] of POINTS) {
    const at = { clientX: left + xaxis.d2p(when), clientY: top + yaxis.d2p(how_long), bubbles: true, view: window }
    for (const kind of ["mousemove", "mousedown", "mouseup", "click"]) {
      area.dispatchEvent(new MouseEvent(kind, at))
      await new Promise(done => setTimeout(done, 200))
    }
    await new Promise(done => setTimeout(done, 600))
  }
  // Everything from here on happens at once: the browser's time may end while it waits for another process.
  const canvas = document.createElement("canvas")
  const context = canvas.getContext("2d")
  const drawn = [...chart.querySelectorAll("canvas.gl-canvas")]
  Object.assign(canvas, { width: drawn[0].width, height: drawn[0].height })
  for (const each of drawn) context.drawImage(each, 0, 0)
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
  seen.blue = seen.orange = 0
  for (let i = 0; i < data.length; i += 4) {
    seen.blue += data[i + 2] - data[i] > 80
    seen.orange += data[i] - data[i + 2] > 80
  }
  seen.dots = chart.data.map(each => each.x.length)
  seen.names = chart._fullData.map(each => each.name)
  seen.said = document.getElementById("opened").textContent
  const told = document.createElement("pre")
  told.id = "seen"
  told.textContent = JSON.stringify(seen)
  document.body.append(told)
}
setTimeout(act, 500)
</script>"""


def two_phases():
    """A healthy phase of 40 quick requests, and one of 40 of which half take long and one fails."""
    phases = (
        Phase(name="baseline", duration="10s", rate=4),
        Phase(name=EVIL, duration="10s", rate=4, fault="payment.latency:400ms"),
    )
    ten = timedelta(seconds=10)
    stretches = (Stretch("baseline", START, START + ten), Stretch(EVIL, START + ten, START + 2 * ten))
    requests = [
        Request(
            Arrival(number, number // 40, 250_000 * number, "POST /orders", None),
            Outcome.ERROR if number == 60 else Outcome.OK,
            error="503" if number == 60 else None,
            latency=400.0 if number > 40 and number % 2 else 20.0,
            service=19.0,
            late=0.1,
            trace_id=None if number == 20 else f"{number:032x}",
        )
        for number in range(80)
    ]
    result = Result("run", "http://shop", Plan(1, phases, ()), stretches, tuple(requests), False, True, Spans(80, 80))
    return review("slow-payment", Scenario(phase=phases), result)


@pytest.fixture
def opened(chromium, tmp_path, monkeypatch):
    """Open the page of two phases and click at these points: what the browser then saw."""
    monkeypatch.setenv("TRACELAB_TRACE_URL", "http://jaeger.example/trace/{trace_id}?x=1&y='2'")
    record.write(two_phases(), tmp_path)
    path = tmp_path / "report.html"

    def click(*points):
        script = CLICK.replace("POINTS", json.dumps(points))
        path.write_text(path.read_text("utf-8").replace("</html>", f"{script}</html>"), "utf-8")
        document = chromium.document(path.as_uri(), after=20_000)
        return json.loads(html.unescape(re.search(r'<pre id="seen">(.*?)</pre>', document)[1]))

    return click


def test_dots_and_clicks(opened):
    """Every request is drawn in its phase's colour, errors apart; a click opens the trace of the dot that was hit."""
    seen = opened((2.5, 20), (11.25, 400), (5.0, 20))
    assert seen["errors"] == []
    assert seen["dots"] == [40, 0, 39, 1]
    assert seen["blue"] > 200
    assert seen["orange"] > 200
    assert [address for address, *_ in seen["opened"]] == [
        f"http://jaeger.example/trace/{number:032x}?x=1&y='2'" for number in (10, 45)
    ]
    assert "no stored trace" in seen["said"]  # the third had none


def test_nothing_from_outside_is_markup():
    """Names, addresses and errors that hold markup or the template's own marks stay text, in HTML and in scripts."""
    text = page.text(two_phases())
    assert EVIL not in text
    assert "&lt;/script&gt;&lt;b&gt;%{x}{{run}}" in text
    assert json.loads(re.search(r"id=data>(.*?)</script>", text)[1])["phases"][1]["name"] == EVIL


def test_no_script_in_a_link(monkeypatch):
    """A link that is no page's address is not offered, whatever the environment says."""
    monkeypatch.setenv("TRACELAB_TRACE_URL", "javascript:alert('{trace_id}')")
    text = page.text(two_phases())
    assert "<a " not in text.partition("<script>")[0]
    assert json.loads(re.search(r"id=data>(.*?)</script>", text)[1])["link"] == ""


def test_what_was_injected_is_behind_a_fold():
    """Neither scenario nor fault is on the page outside the part that has to be opened."""
    shown, _, folded = page.text(two_phases()).partition("<details>")
    assert "latency:400ms" not in shown
    assert "slow-payment" not in shown
    assert "payment.latency:400ms on 100%" in folded.partition("</details>")[0]


def test_many_requests_are_thinned():
    """Of many requests all errors and the slowest are drawn, and the page says how many of how many."""
    requests = [request(number, latency=1.0 + number % 7, late=0.1) for number in range(60_000)]
    requests += [request(60_000 + number, Outcome.ERROR, latency=2.0, error="503") for number in range(300)]
    requests += [request(60_300, latency=9_999.0), request(60_301, Outcome.DROPPED)]
    text = page.text(reviewed(requests))
    dots = json.loads(re.search(r"id=data>(.*?)</script>", text)[1])["dots"]
    assert sum(dot[4] >= 0 for dot in dots) == 300
    assert max(dot[2] for dot in dots) == 9_999
    assert len(dots) < 21_000
    assert f"{len(dots):,} dots for 60,301 requests: all 300 errors, the 2,000 slowest, one in 4 of the others." in text
    assert "1 without an end are not drawn" in text
