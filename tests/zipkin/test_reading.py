"""All that is read but searches: names, traces by id, completions, what the server says of itself; wrong requests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.zipkin.differences import answer
from tests.zipkin.server import RUN, span, unique

ONE, TWO, NONE = (unique(name) for name in ("one", "two", "none"))
SHOP, WEB, BARE, CARD = (f"{name}-{RUN}" for name in ("shop", "web", "bare", "card"))


def served(service: str) -> dict[str, Any]:
    """Make an endpoint."""
    return {"serviceName": service}


SENT = [
    span(ONE, name="pay", localEndpoint=served(SHOP), remoteEndpoint=served(CARD), tags={"environment": f"lab-{RUN}"}),
    span(ONE, id="b" * 16, name="buy", localEndpoint=served(SHOP), tags={"environment": f"bench-{RUN}", "more": RUN}),
    span(ONE, id="c" * 16, localEndpoint=served(BARE)),
    span(ONE, id="d" * 16, name="nameless", localEndpoint=..., remoteEndpoint=served(f"lost-{RUN}")),
    span(TWO, name="pay", localEndpoint=served(WEB), remoteEndpoint=served(SHOP)),
]


@pytest.fixture(scope="module", autouse=True)
def _held(server):
    server.keep(SENT)


@dataclass(frozen=True, slots=True)
class Case:
    """A request, and what the real server answers: the body of a 200, or another status."""

    name: str
    path: str
    given: Any
    method: str = field(default="GET")


API = "/api/v2"
CASES = [
    Case("services", f"{API}/services", sorted([SHOP, WEB, BARE])),
    Case("services below /zipkin", f"/zipkin{API}/services", sorted([SHOP, WEB, BARE])),
    Case("a parameter too many", f"{API}/services?x=1", sorted([SHOP, WEB, BARE])),
    Case("span names", f"{API}/spans?serviceName={SHOP}", ["buy", "pay"]),
    Case("span names of a service in upper case", f"{API}/spans?serviceName={SHOP.upper()}", ["buy", "pay"]),
    Case("span names of a service that gives none", f"{API}/spans?serviceName={BARE}", []),
    Case("span names of nobody", f"{API}/spans?serviceName=nobody-{RUN}", []),
    Case("span names of an empty service", f"{API}/spans?serviceName=", []),
    Case("span names without a service", f"{API}/spans", 400),
    Case("remote services", f"{API}/remoteServices?serviceName={SHOP}", [CARD]),
    Case("remote services in upper case", f"{API}/remoteServices?serviceName={SHOP.upper()}", [CARD]),
    Case("remote services of nobody", f"{API}/remoteServices?serviceName=nobody-{RUN}", []),
    Case("remote services of an empty service", f"{API}/remoteServices?serviceName=", []),
    Case("remote services without a service", f"{API}/remoteServices", 400),
    Case("values of a tag", f"{API}/autocompleteValues?key=environment", [f"bench-{RUN}", f"lab-{RUN}"]),
    Case("values of a tag that is not set up", f"{API}/autocompleteValues?key=more", []),
    Case("values of an unknown tag", f"{API}/autocompleteValues?key=unknown", []),
    Case("values of an empty tag", f"{API}/autocompleteValues?key=", 400),
    Case("values without a tag", f"{API}/autocompleteValues", 400),
    Case("a trace that is not there", f"{API}/trace/{NONE}", 404),
    Case("a trace whose id is no hexadecimal", f"{API}/trace/xyz", 400),
    Case("a trace whose id has a prefix", f"{API}/trace/0x12", 400),
    Case("a trace whose id is a blank", f"{API}/trace/%20", 400),
    Case("a trace whose id is zero", f"{API}/trace/0", 400),
    Case("a trace whose id is zeros", f"{API}/trace/{'0' * 16}", 400),
    Case("a trace whose id has 33 digits", f"{API}/trace/{'1' * 33}", 400),
    Case("a trace without an id", f"{API}/trace/", 404),
    Case("a trace's part", f"{API}/trace/{ONE}/more", 404),
    Case("two traces", f"{API}/traceMany?traceIds={ONE},{TWO}", [ONE, TWO]),
    Case("two traces the other way round", f"{API}/traceMany?traceIds={TWO},{ONE}", [TWO, ONE]),
    Case("two traces, one padded", f"{API}/traceMany?traceIds={ONE},{'0' * 16}{TWO}", [ONE, TWO]),
    Case("two traces, one unknown", f"{API}/traceMany?traceIds={NONE},{TWO}", [TWO]),
    Case("two traces, both unknown", f"{API}/traceMany?traceIds={NONE},{NONE[1:]}", []),
    Case("one trace of many", f"{API}/traceMany?traceIds={ONE}", 400),
    Case("one trace of many, twice", f"{API}/traceMany?traceIds={ONE},{ONE}", 400),
    Case("one trace of many, twice, once padded", f"{API}/traceMany?traceIds={ONE},0{ONE}", [ONE]),
    Case("two parameters of one trace", f"{API}/traceMany?traceIds={ONE}&traceIds={TWO}", 400),
    Case("no trace of many", f"{API}/traceMany?traceIds=", 400),
    Case("many traces without ids", f"{API}/traceMany", 400),
    Case("a trace and nothing", f"{API}/traceMany?traceIds={ONE},", 400),
    Case("a trace, nothing, a trace", f"{API}/traceMany?traceIds={ONE},,{TWO}", 400),
    Case("a trace, a blank and a trace", f"{API}/traceMany?traceIds={ONE},%20{TWO}", 400),
    Case("a trace and a word", f"{API}/traceMany?traceIds={ONE},xyz", 400),
    Case("a trace and zero", f"{API}/traceMany?traceIds={ONE},0", 400),
    Case("a trace and one in upper case", f"{API}/traceMany?traceIds={ONE},{TWO.upper()}", 400),
    Case("something else", f"{API}/nothing", 404),
    Case("the first version's services", "/api/v1/services", 404),
    Case("services and a slash", f"{API}/services/", 404),
    *(
        Case(f"{method} {path}", f"{API}/{path}", 404, method)
        for method in ("HEAD", "OPTIONS", "PUT", "DELETE", "POST")
        for path in ("services", "traces", "dependencies?endTs=1")
    ),
    *(Case(f"{method} spans", f"{API}/spans", 404, method) for method in ("HEAD", "OPTIONS", "PUT", "DELETE")),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_request(server, case):
    """A request is answered with JSON of a 200, or with another status and, in plain text, a word on what is wrong."""
    found = server.ask(case.path, method=case.method)
    expected = answer(server, case.name, case.given)
    if isinstance(expected, int):
        assert found.status == expected
        if case.method not in ("HEAD", "OPTIONS"):
            assert found.text
            assert found.headers["content-type"].startswith("text/")
    else:
        assert (found.status, found.headers["content-type"]) == (200, "application/json")
        assert _own(found.json) == expected


def _own(content: list[Any]) -> list[Any]:
    """Give the ids of traces, and of names those that were sent above."""
    if content and isinstance(content[0], list):
        return [spans[0]["traceId"] for spans in content]
    return [name for name in content if f'"{name}"' in json.dumps(SENT)]


def test_keys_of_tags(server):
    """The keys of tags are offered that the server was set up with; here all that came."""
    found = set(server.ask("/api/v2/autocompleteKeys").json)
    assert {"environment", "more"} & found == answer(server, "keys of tags", {"environment"})


def test_the_words_of_a_refusal(server):
    """What is wrong with a request is said in plain text, in one line."""
    found = server.ask("/api/v2/traces?limit=many")
    assert (found.status, len(found.text.splitlines())) == (400, 1)
    assert (found.headers["content-type"], found.text.strip()) == answer(
        server, "the words of a refusal", ("text/*", 'For input string: "many"')
    )


def test_health(server):
    """A server says that it is up, and more about itself in words of its own."""
    found = server.ask("/health")
    assert (found.status, found.json["status"]) == (200, "UP")
    assert set(found.json) >= answer(server, "health", {"zipkin"})


def test_info(server):
    """A server says what it is and of which version."""
    found = server.ask("/info")
    assert found.status == 200
    [(program, said)] = found.json.items()
    assert program == answer(server, "info", "zipkin")
    assert said["version"]


def test_settings_of_zipkins_page(server):
    """The settings for Zipkin's own page are the same but for the name of the environment."""
    found = server.ask("/zipkin/config.json")
    assert found.status == 200
    assert found.headers["content-type"].startswith("application/json")
    settings = found.json
    assert settings.pop("environment") == answer(server, "the page's environment", "")
    assert settings == {
        "queryLimit": 10, "defaultLookback": 900000, "searchEnabled": True, "logsUrl": None, "supportUrl": None,
        "archivePostUrl": None, "archiveUrl": None,
        "dependency": {"enabled": True, "lowErrorRate": 0.5, "highErrorRate": 0.75},
    }  # fmt: skip


ORIGIN = {"origin": "http://elsewhere.example"}


def test_a_page_elsewhere_may_send(server):
    """A web page of any origin may post JSON: the browser's question beforehand is answered so, and the post too."""
    asked = server.ask(
        "/api/v2/spans",
        method="OPTIONS",
        access_control_request_method="POST",
        access_control_request_headers="content-type",
        **ORIGIN,
    )
    assert asked.status == answer(server, "the status of a preflight", 200)
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert "content-type" in asked.headers["access-control-allow-headers"]
    posted = server.ask("/api/v2/spans", body=json.dumps(SENT).encode(), content_type="application/json", **ORIGIN)
    assert (posted.status, posted.headers["access-control-allow-origin"]) == (202, "*")


def test_a_page_elsewhere_may_read(server):
    """Zipkin lets any web page read what is kept; here none may."""
    found = server.ask("/api/v2/services", **ORIGIN)
    assert found.headers.get("access-control-allow-origin") == answer(server, "reading from elsewhere", "*")


def test_caching_of_names(server):
    """Zipkin lets names be five minutes old once it knows more than three services; here they are always fresh."""
    server.keep(
        [span(unique(f"cached {number}"), localEndpoint=served(f"cached{number}-{RUN}")) for number in range(4)]
    )
    server.ask("/api/v2/services")
    found = server.ask("/api/v2/services").headers.get("cache-control")
    assert found == answer(server, "caching of names", "max-age=300, must-revalidate")
