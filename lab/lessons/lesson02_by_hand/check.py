"""A trace that the learner began by hand: whose id, whose parent, and what the gateway made of it."""

from __future__ import annotations

import http.client
import secrets
from urllib.parse import urlsplit

from discovery import client
from discovery.trace import Kind, Span, Trace
from lab.learn.here import Checked, Here


def check(here: Here) -> Checked:
    """Look at the trace that was named."""
    trace, trouble = here.trace("trace")
    if trace is None:
        return Checked((trouble,) if trouble else ())
    gateway = _gateway(trace)
    parent, span = (here.answers.get(key, "").lower() for key in ("parent", "span"))
    return Checked(
        (
            here.say(bool(gateway and gateway.parent_id in trace.missing), "own", trace=trace.trace_id),
            here.judge("parent", bool(gateway and gateway.parent_id == parent)),
            here.judge("span", bool(gateway and gateway.span_id == span)),
        ),
        trace,
        frozenset({gateway.span_id} if gateway else ()),
    )


def solve(here: Here) -> dict[str, str]:
    """Do by hand what the lesson asks for."""
    environment = here.environment()
    trace_id, parent = secrets.token_hex(16), secrets.token_hex(8)
    address = urlsplit(environment["TRACELAB_TARGET"])
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    connection.request("GET", "/products", headers={"traceparent": f"00-{trace_id}-{parent}-01"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    span = (answer.getheader("traceresponse") or "").split("-")[2]
    client.read(client.probe(environment["TRACELAB_BACKEND"]), trace_id)  # so that it is there when it is looked for
    return {"trace": trace_id, "parent": parent, "span": span}


def _gateway(trace: Trace) -> Span | None:
    spans = (span for span in trace.spans if span.service == "gateway" and span.kind is Kind.SERVER)
    return next(spans, None)
