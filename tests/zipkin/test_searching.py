"""GET /api/v2/traces: what each parameter finds, in which order, and which values are refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.zipkin.differences import answer
from tests.zipkin.server import BASE, RUN, span, unique

WEB, SHOP = f"front-{RUN}", f"store-{RUN}"


def at(trace: str, offset: int, service: str, **changes: Any) -> dict[str, Any]:
    """Make a span of a trace, so many milliseconds after the first."""
    plain = {"timestamp": (BASE + offset) * 1000, "localEndpoint": {"serviceName": service}}
    return span(unique(trace), **plain | changes)


EVENT = '{"exception": {"type": "E"}}'
CHILD = {"id": "b" * 16, "parentId": "000000000000000a"}
SENT = [
    at("cart", 0, WEB, id="c" * 16, annotations=[{"timestamp": BASE * 1000, "value": EVENT}], parentId="a" * 16),
    at("cart", 0, WEB, name="get /cart", duration=5000, tags={"http.method": "GET", "sum": "a=b", "word": "x and y"}),
    at(
        "cart",
        1,
        SHOP,
        name="select",
        duration=1000,
        tags={"error": ""},
        remoteEndpoint={"serviceName": "MySQL"},
        **CHILD,
    ),
    at("pay", 10, WEB, name="POST /pay", duration=20_000, tags={"http.method": "POST"}, kind="CLIENT"),
    at("pay", 11, SHOP, name="charge", duration=9000, tags={"card": "visa", "error": "declined"}, **CHILD)
    | {"annotations": [{"timestamp": BASE * 1000, "value": "retry"}, {"timestamp": BASE * 1000, "value": "a=b"}]},
    at("headless", 20, SHOP, name="sweep", duration=..., parentId="f" * 16, tags={"http.method": "GET"}),
    at("timeless", 0, SHOP, name="nowhen", timestamp=..., duration=...),
    at("late", 30, f"late-{RUN}"),
    at("late", 300, f"late-{RUN}", **CHILD),
    at("between", 200, f"late-{RUN}"),
]


@pytest.fixture(scope="module", autouse=True)
def _held(server):
    server.keep(SENT)


@dataclass(frozen=True, slots=True)
class Case:
    """A query, and the traces that the real server finds, in its order, or its status."""

    name: str
    given: Any
    query: dict[str, Any] = field(default_factory=dict)


def case(name: str, given: Any, **query: Any) -> Case:
    """Make a case; unless it says more, it looks at the half minute around what was sent."""
    return Case(name, given, {"endTs": BASE + 10_000, "lookback": 20_000} | query)


def numbers(parameter: str, taken: Sequence[str], refused: Sequence[str]) -> list[Case]:
    """Make cases of a parameter's values."""
    nobody = f"nobody-{RUN}"
    return [
        case(f"{parameter}={value!r}", given, **{"serviceName": nobody, parameter: value})
        for given, values in (([], taken), (400, refused))
        for value in values
    ]


ODD = ["x", "1.5", "1e3", " 5", "0", "-1", "9" * 19, "9" * 30]
CASES = [
    case("the latest first", ["headless", "pay", "cart"], serviceName=SHOP),
    case("a service", ["pay", "cart"], serviceName=WEB),
    case("a service asked for in upper case", ["pay", "cart"], serviceName=WEB.upper()),
    case("nobody", [], serviceName=f"nobody-{RUN}"),
    case("an empty service", ["headless"], serviceName="", endTs=BASE + 21, lookback=2),
    case("a limit", ["headless", "pay"], serviceName=SHOP, limit=2),
    case("a span's name", ["cart"], serviceName=SHOP, spanName="select"),
    case("a span's name in upper case", ["cart"], serviceName=SHOP, spanName="SELECT"),
    case("a span's name that was sent in upper case", ["pay"], serviceName=WEB, spanName="post /pay"),
    case("a span's name of another service", [], serviceName=WEB, spanName="select"),
    case("all span names", ["pay", "cart"], serviceName=WEB, spanName="all"),
    case("all span names in upper case", ["pay", "cart"], serviceName=WEB, spanName="ALL"),
    case("an empty span name", ["pay", "cart"], serviceName=WEB, spanName=""),
    case("a remote service", ["cart"], serviceName=SHOP, remoteServiceName="mysql"),
    case("a remote service in upper case", ["cart"], serviceName=SHOP, remoteServiceName="MYSQL"),
    case("a remote service of another", [], serviceName=WEB, remoteServiceName="mysql"),
    case("an empty remote service", ["pay", "cart"], serviceName=WEB, remoteServiceName=""),
    case("a tag", ["pay"], serviceName=WEB, annotationQuery="http.method=POST"),
    case("a tag in another case", [], serviceName=WEB, annotationQuery="http.method=post"),
    case("a tag of another service", [], serviceName=WEB, annotationQuery="card=visa"),
    case("a tag's key", ["pay", "cart"], serviceName=WEB, annotationQuery="http.method"),
    case("a tag's key and nothing", ["pay", "cart"], serviceName=WEB, annotationQuery="http.method="),
    case("a tag's value alone", [], serviceName=WEB, annotationQuery="POST"),
    case("a tag with = in its value", ["cart"], serviceName=WEB, annotationQuery="sum=a=b"),
    case("a tag with blanks around", ["pay"], serviceName=WEB, annotationQuery="  http.method = POST "),
    case("a tag with ' and ' in its value", [], serviceName=WEB, annotationQuery="word=x and y"),
    case("an error", ["pay", "cart"], serviceName=SHOP, annotationQuery="error"),
    case("an error's text", ["pay"], serviceName=SHOP, annotationQuery="error=declined"),
    case("two tags", ["pay"], serviceName=SHOP, annotationQuery="card=visa and error=declined"),
    case("two tags, one of them not there", [], serviceName=SHOP, annotationQuery="card=visa and error=late"),
    case("two tags joined in upper case", [], serviceName=SHOP, annotationQuery="card AND error"),
    case(
        "a tag of two values, the last counts",
        ["pay"],
        serviceName=WEB,
        annotationQuery="http.method=X and http.method=POST",
    ),
    case(
        "a tag with a value and without", ["pay"], serviceName=WEB, annotationQuery="http.method=POST and http.method"
    ),
    case("tags of two services", [], serviceName=WEB, annotationQuery="http.method=POST and card=visa"),
    case("an annotation", ["pay"], serviceName=SHOP, annotationQuery="retry"),
    case("an annotation and a tag", ["pay"], serviceName=SHOP, annotationQuery="retry and card=visa"),
    case("an annotation of an event by its text", ["cart"], serviceName=WEB, annotationQuery=EVENT),
    case("an annotation of an event by its name", [], serviceName=WEB, annotationQuery="exception"),
    case("an annotation with = in it", [], serviceName=SHOP, annotationQuery="a=b"),
    case("an empty annotation query", ["pay", "cart"], serviceName=WEB, annotationQuery=""),
    case("a least duration", ["pay"], serviceName=WEB, minDuration=5001),
    case("a least duration, met exactly", ["pay", "cart"], serviceName=WEB, minDuration=5000),
    case("a least duration of another service", [], serviceName=SHOP, minDuration=9001),
    case("a least and a most duration", ["cart"], serviceName=SHOP, minDuration=1, maxDuration=1000),
    case("a most duration alone", 400, serviceName=SHOP, maxDuration=1000),
    case("a most duration below the least", 400, serviceName=SHOP, minDuration=5, maxDuration=4),
    case("until a trace's start", ["pay", "cart"], serviceName=SHOP, endTs=BASE + 10),
    case("until before a trace's start", ["cart"], serviceName=SHOP, endTs=BASE + 9),
    case("from a trace's start", ["headless", "pay"], serviceName=SHOP, endTs=BASE + 100, lookback=90),
    case("from after a trace's start", ["headless"], serviceName=SHOP, endTs=BASE + 100, lookback=89),
    case("a window that only a later span is in", [], serviceName=f"late-{RUN}", endTs=BASE + 310, lookback=20),
    case("the order of a trace with a late span", ["late", "between"], serviceName=f"late-{RUN}"),
    *numbers("limit", ["1", "+5", "2147483647"], [*ODD, "2147483648", ""]),
    *numbers("minDuration", ["1", "+5", "9999999999", ""], ODD),
    *numbers("endTs", ["1", "+5", "9223372036854775807", ""], ODD),
    *numbers("lookback", ["1", "+5", "9223372036854775807", ""], ODD),
    *numbers("maxDuration", [""], [*ODD, "5"]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_search(server, case):
    """A search finds the traces that meet all of its conditions, each whole; a wrong value is refused by name."""
    found = server.ask(f"/api/v2/traces?{urlencode(case.query)}")
    expected = answer(server, case.name, case.given)
    if isinstance(expected, int):
        assert (found.status, found.headers["content-type"].partition("/")[0]) == (expected, "text")
        if server.is_ours:
            assert any(parameter in found.text for parameter in case.query)
        return
    assert (found.status, found.headers["content-type"]) == (200, "application/json")
    assert [trace[0]["traceId"] for trace in found.json] == [unique(name) for name in expected]
    for trace in found.json:
        assert len(trace) == sum(each["traceId"] == trace[0]["traceId"] for each in SENT)


def test_without_a_window(server):
    """Where no window is asked for, the last day's ten latest are found."""
    many = f"many-{RUN}"
    server.keep([at(f"many {number}", number, many, id="c" * 16) for number in range(12)])
    old = at("old", -3 * 86_400_000, many)
    server.keep([old])
    found = server.ask(f"/api/v2/traces?serviceName={many}").json
    assert [trace[0]["traceId"] for trace in found] == [unique(f"many {number}") for number in range(11, 1, -1)]
    assert len(server.ask(f"/api/v2/traces?serviceName={many}&limit=50").json) == 12


def test_a_limit_beyond_a_thousand(server):
    """Zipkin gives as many traces as asked for; here a thousand are the most."""
    many = f"thousand-{RUN}"
    server.keep([at(f"thousand {number}", 0, many) for number in range(1001)])
    found = server.ask(f"/api/v2/traces?serviceName={many}&limit=2000").json
    assert len(found) == answer(server, "a limit beyond a thousand", 1001)
