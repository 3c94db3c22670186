"""Where the built-in backend answers otherwise than the real Zipkin server, and why: all of it.

`docs/backend.md` repeats the words. A case that differs and is not here fails, and so does one that is here and does
not differ any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.zipkin.server import BASE, REFUSED, RUN, Server, unique


@dataclass(frozen=True, slots=True)
class Difference:
    """What both do, why, and the cases that show it, each with what ours answers."""

    zipkin: str
    ours: str
    why: str
    cases: Mapping[str, Any]


_ENDPOINT = {"serviceName": "Pay.Me"}
_PATHS = ("services", "traces", "dependencies?endTs=1")

DIFFERENCES = [
    Difference(
        "lowers the names of spans and services",
        "gives them as they were sent; a query finds them in either case",
        "`GET /orders` reads better, and OTLP and Jaeger keep the case too",
        {
            "a name in upper case": {"name": "GET /Orders"},
            "a service in upper case": {"localEndpoint": _ENDPOINT},
        },
    ),
    Difference(
        "refuses ids in upper case",
        "takes and finds them, and gives them back in lower case",
        "an id copied from another tool should lead to its trace",
        {
            "a span id in upper case": {"id": "a" * 16},
            "a parent's id in upper case": {"parentId": "a" * 16},
            "an id sent in upper case": "0000000000abcdef{}",
            "an id asked for in upper case": "0000000000abcdef{}",
            "a trace and one in upper case": [unique("one"), unique("two")],
        },
    ),
    Difference(
        "takes the span id `0`, though not `0000000000000000`",
        "refuses an id of zeros, however many",
        "zero is no id",
        {"a span id of one zero": REFUSED},
    ),
    Difference(
        "takes a number for a text and a text for a number",
        "refuses them, with the place in the document",
        "the API's own description says which is which; the sender should hear of its mistake",
        {
            "a span id that is a number": REFUSED,
            "a time as text": REFUSED,
            "a name that is a number": REFUSED,
            "a service that is a number": REFUSED,
            "a port as text": REFUSED,
            "a tag that is a number": REFUSED,
        },
    ),
    Difference(
        "drops negative times and durations without a word, and cuts a time beyond 64 bits",
        "refuses the span",
        "a span without its time is lost to every search; the sender should hear of its mistake",
        {
            "a negative time": REFUSED,
            "a negative duration": REFUSED,
            "a time beyond 64 bits": REFUSED,
        },
    ),
    Difference(
        "puts `?` for half of a surrogate pair",
        "refuses it",
        "it is no Unicode, and nothing can be made of it",
        {"a tag with half a character": REFUSED},
    ),
    Difference(
        "refuses a whole batch for one bad span",
        "keeps the good spans, and says in the answer how many were bad and what was wrong with the first; 400 where "
        "none is good",
        "one sender's bug should not hide the others' spans",
        {"one bad span of two": (202, 200)},
    ),
    Difference(
        "takes a body that is empty, that goes on after its list, or whose gzip ends too early",
        "refuses it",
        "it is broken, and its sender should hear of it",
        {"an empty body": 400, "something after the list": 400, "gzip cut short": 400},
    ),
    Difference(
        "refuses blanks before the list",
        "takes them",
        "they are JSON",
        {"blanks before the list": 202},
    ),
    Difference(
        "answers 500 to gzip that is none",
        "answers 400",
        "the mistake is the sender's",
        {"gzip that is none": 400},
    ),
    Difference(
        "ignores a content-encoding that it does not know",
        "answers 415",
        "the bytes cannot be JSON then",
        {"an unknown content-encoding": 415},
    ),
    Difference(
        "reads its own protobuf too (and v1, and Thrift)",
        "answers 415",
        "senders of Zipkin's JSON and of OTLP are served, which every current one can be",
        {"Zipkin's protobuf": 415},
    ),
    Difference(
        "gives back each report of a span that came in several, for its page to merge",
        "merges them",
        "every reader wants the span whole",
        {
            "a span begun, then ended": [{"duration": 7, "tags": {"a": "b"}}],
            "two reports with other tags": [{"tags": {"a": "1", "b": "2"}}],
            "two reports with annotations": [
                {"annotations": [{"timestamp": BASE * 1000, "value": value} for value in "bz"]}
            ],
        },
    ),
    Difference(
        "finds an id given twice in traceMany only where both are spelled alike",
        "wherever they are the same trace",
        "it would be given back twice or once, by chance",
        {"one trace of many, twice, once padded": 400},
    ),
    Difference(
        "sorts traces by the latest of their spans within the window",
        "by the trace's own start",
        "that is the time which the window is about, and which the list shows",
        {"the order of a trace with a late span": ["between", "late"]},
    ),
    Difference(
        "gives as many traces as `limit` says, and refuses an empty one",
        "gives 1000 at most, and 10 where it is empty",
        "an answer must fit into memory; other parameters may be empty too",
        {"a limit beyond a thousand": 1000, "limit=''": []},
    ),
    Difference(
        "counts a trace's links where any of its spans is in the window",
        "where the trace's own start is",
        "so two windows side by side count each trace once",
        {"links of a window that only a later span is in": []},
    ),
    Difference(
        "counts every `error` tag as a failed call",
        "not one that says `false`",
        "the trace's page does not paint it red either",
        {"a call whose error tag says false": [("a", "b", 1, 0)]},
    ),
    Difference(
        "makes one span of both halves of a call under one id where both name the same service and neither is `shared`",
        "keeps both, and counts the call of the service to itself",
        "their kinds differ: they are two sides of a call",
        {"a service that calls itself under one id": [("a", "a", 1, 0)]},
    ),
    Difference(
        "completes the tags that it was set up for (`AUTOCOMPLETE_KEYS`)",
        "all that came",
        "nothing to set up",
        {"keys of tags": {"environment", "more"}, "values of a tag that is not set up": [RUN]},
    ),
    Difference(
        "tells at /health which parts are up, at /info its version, and names no environment on its page",
        "tells at /health what came in and what had to go, at /info its own version, and names its environment",
        "it is another program, and should not pass for Zipkin",
        {
            "health": {"received", "refused", "dropped"},
            "info": "tracelab",
            "the page's environment": "tracelab",
        },
    ),
    Difference(
        "lets a web page of any origin read",
        "lets it send spans only; a preflight is answered 204",
        "what is kept here is nobody else's business",
        {"reading from elsewhere": None, "the status of a preflight": 204},
    ),
    Difference(
        "lets browsers keep names for five minutes once it knows more than three services",
        "lets nothing be kept",
        "a new service is offered at once",
        {"caching of names": None},
    ),
    Difference(
        "answers 404 to another method, to HEAD, and to a slash at the end",
        "answers 405 with `Allow`, HEAD as GET without a body, and leads to the path without the slash",
        "as HTTP has it",
        {
            **{f"HEAD {path}": 200 for path in _PATHS},
            **{f"{method} {path}": 405 for method in ("OPTIONS", "PUT", "DELETE", "POST") for path in _PATHS},
            "HEAD spans": 400,
            "OPTIONS spans": 204,
            "PUT spans": 405,
            "DELETE spans": 405,
            "services and a slash": sorted(f"{name}-{RUN}" for name in ("bare", "shop", "web")),
        },
    ),
    Difference(
        "says what is wrong as Java's exception does, in `text/*`",
        "says it in a sentence that names the parameter or the place, in text/plain; in JSON where it is about spans",
        "it is for people to read",
        {
            "the words of a refusal": (
                "text/plain; charset=utf-8",
                "limit is 'many'; expected a whole number from 1 to 2147483647.",
            )
        },
    ),
]


# What ours does not do yet, though it should: a case whose mending makes it fail, and is taken out then.
def answer(server: Server, case: str, zipkins: Any) -> Any:
    """Return what a server is to answer in a case: what Zipkin does, but for what is listed."""
    if not server.is_ours:
        return zipkins
    listed = [each.cases[case] for each in DIFFERENCES if case in each.cases]
    if not listed:
        return zipkins
    [ours] = listed
    assert ours != zipkins, f"{case!r} differs no longer; take it out of the table"
    return ours
