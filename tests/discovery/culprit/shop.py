"""Traces of a small shop, made without one: healthy ones, and ones with the sign of a fault.

client -> gateway -> order -> payment (-> card issuer, which leaves no span), inventory, payment again; reads that ask
order and payment side by side; products behind a cache. Times are microseconds, with some noise from a seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from discovery.trace import Event, Kind, Span, Trace, assemble

BEGAN = 1_700_000_000_000_000
EVERY = 100_000  # microseconds between two requests
PORTS = {"gateway": 8080, "order": 8081, "payment": 8082, "inventory": 8083}


@dataclass
class Node:
    """A span while it is made; a span of this name may be dropped from the trace, or become a trace of its own."""

    span_id: str
    service: str
    attributes: dict[str, Any]
    error: bool = False
    events: tuple[Event, ...] = ()
    resource: dict[str, str] = field(default_factory=dict)

    def fail(self, status: int) -> None:
        """Make it red, as an HTTP error does."""
        self.error = True
        self.attributes |= {"http.response.status_code": status, "error.type": str(status)}


Knobs = Mapping[str, Any]  # what is different in this request, by name; see `Request`


class Request:
    """One request, made span by span; `now` is the moment reached."""

    def __init__(self, number: int, knobs: Knobs, seed: int = 1, slower: float = 1.0) -> None:
        self.number, self.knobs = number, knobs
        self.dice = random.Random(f"{seed}/{number}")
        self.slower = slower
        self.now = BEGAN + number * EVERY
        self.trace_id = f"{number + 1:032x}"
        self.spans: list[Span] = []
        self.status = 200
        self._numbers = 0

    def knob(self, name: str, service: str = "") -> Any:
        """What is different here; nothing where it is another service's."""
        where, _, value = str(self.knobs.get(name, "")).partition("=")
        return (value or True) if name in self.knobs and where in {"", service} else None

    def pass_time(self, microseconds: float) -> None:
        """Let some time go by, more or less."""
        self.now += int(microseconds * self.dice.uniform(0.8, 1.2) * self.slower)

    @contextmanager
    def span(self, above: Node | None, service: str, name: str, kind: Kind, **attributes: Any) -> Iterator[Node]:
        """Make a span that lasts as long as the block."""
        self._numbers += 1
        node = Node(f"{self.number + 1:08x}{self._numbers:08x}", service, attributes)
        node.resource = {"service.name": service, "service.instance.id": f"{service}-1", "service.version": "1"}
        start = self.now
        yield node
        skew = int(self.knob("skew", service) or 0)
        self.spans.append(
            Span(
                trace_id=self.trace_id,
                span_id=node.span_id,
                parent_id=above.span_id if above else None,
                service=service,
                name=name,
                kind=kind,
                start=start + skew,
                duration=self.now - start,
                error=node.error,
                attributes=node.attributes,
                resource=node.resource,
                events=node.events,
            )
        )

    def query(self, visit: Node, statement: str, took: float = 300) -> None:
        """Ask the visit's own database."""
        service = visit.service
        words = {"db.system.name": "sqlite", "db.query.text": statement}
        with self.span(visit, service, f"{statement.split(maxsplit=1)[0]} {service}", Kind.CLIENT, **words) as node:
            self.pass_time(
                took + float(self.knob("statement", service) or 0) * (statement.split(maxsplit=1)[0] == "SELECT")
            )
            if self.knob("lock", service) and statement.startswith("BEGIN"):
                self.pass_time(float(self.knob("lock", service)))
            if self.knob("exception", service):
                node.error = True
        self.pass_time(100)

    def call(self, above: Node, path: str, service: str, name: str, handler: Callable[[Node], None]) -> Node:
        """Call another service and come back; returns the client span."""
        method = name.split(maxsplit=1)[0]
        url = f"http://127.0.0.1:{PORTS[service]}{path}"
        with self.span(above, above.service, method, Kind.CLIENT, **{"url.full": url}) as call:
            if self.knob("down", service):
                call.error, call.attributes["error.type"] = True, "ConnectError"
                self.pass_time(500)
                return call
            wire = float(self.knob("wire", service) or 0) / 2
            self.pass_time(300 + wire)
            begun = self.now
            visited = self._visit(call, service, name, handler)
            patience = self.knob("patience", above.service)
            if patience and self.now - begun > float(patience):  # the other side goes on, in vain
                self.now = begun + int(patience)
                call.error, call.attributes["error.type"] = True, "ReadTimeout"
                return call
            self.pass_time(300 + wire)
            if visited.error:
                call.fail(503)
            else:
                call.attributes["http.response.status_code"] = 200
        self.pass_time(float(self.knob("body", service) or 0) / 200)
        return call

    def _visit(self, call: Node, service: str, name: str, handler: Callable[[Node], None]) -> Node:
        parent = None if self.knob("untold", call.service) else call
        with self.span(parent, service, name, Kind.SERVER) as visit:
            if self.knob("replica", service):
                visit.resource |= {"service.instance.id": f"{service}-2", "service.version": "2"}
            self.pass_time(800 + float(self.knob("lead", service) or 0))
            for what in ("loop", "thread", "pool"):
                wait = float(self.knob(what, service) or 0)
                self.pass_time(wait)
                visit.attributes[f"tracelab.wait.{what}"] = wait / 1000
            if self.knob("refuse", service) and name.startswith(str(self.knobs.get("only", ""))):
                visit.fail(503)
            else:
                handler(visit)
            size = self.knob("body", service)
            visit.attributes["http.response.body.size"] = int(size or 200)
            visit.attributes.setdefault("http.response.status_code", 200)
            self.pass_time(300)
        if self.knob("afterwards", service):
            self.now += 300_000
            self.query(visit, "SELECT later")
            self.now -= 300_500
        return visit

    def done(self, root: Node) -> None:
        """Give the root the status."""
        root.attributes["http.response.status_code"] = self.status
        root.error = self.status >= 500

    def traces(self) -> list[Trace]:
        """What a backend would have of it."""
        kept = [each for each in self.spans if not self._is_lost(each)]
        if untold := [each for each in kept if each.parent_id is None and each.kind is Kind.SERVER]:
            own = {span_id for each in untold for span_id in self._below(each)}
            apart = [each for each in kept if each.span_id in own]
            moved = [type(each)(**{**_fields(each), "trace_id": f"{self.number + 1:016x}{1:016x}"}) for each in apart]
            return [assemble(each for each in kept if each.span_id not in own), assemble(moved)]
        return [assemble(kept)]

    def _below(self, top: Span) -> set[str]:
        found = {top.span_id}
        for each in reversed(self.spans):
            found |= {each.span_id} if each.parent_id in found else set()
        return found

    def _is_lost(self, span: Span) -> bool:
        if self.knob("silent", span.service):
            return True
        return bool(self.knob("lost", span.service)) and span.kind is Kind.SERVER


def _fields(span: Span) -> dict[str, Any]:
    return {name: getattr(span, name) for name in span.__dataclass_fields__}


def breaker(request: Request, visit: Node, peer: str) -> None:
    """Refuse for a breaker that is open."""
    visit.events = (Event(request.now, "circuit breaker", {"peer": peer, "state": "open"}),)
    visit.fail(503)
