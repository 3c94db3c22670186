"""Walks the path of a trace through a running shop and gathers what there is to see; it judges nothing.

Each question has a few seconds, and reading the trace back what is left of the whole walk's.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from discovery import client
from discovery.errors import Malformed, NotFound, Unreachable
from discovery.trace import Trace
from lab import plan
from lab.doctor import endpoint, health, ordering
from lab.doctor.ask import NoAnswer, ask, within
from lab.doctor.endpoint import Endpoint, Refusal
from lab.doctor.health import Health, Spans, service
from lab.doctor.ordering import Order
from lab.tracing import OTLP_PORT

_READY_SECONDS = 3.0
_PROBE_SECONDS = 3.0
_ELSEWHERE_SECONDS = 1.0
_READ_SECONDS = 15.0
_ONE_READ_SECONDS = 3.0
_HOPELESS_SECONDS = 2.0  # to read what nobody sends, or not to this place as far as is known
_WALK_SECONDS = 23.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a walk has seen. A str in the place of a thing says why it is not there; None: it was not looked for."""

    target: str
    ready: str  # empty where it is
    before: Mapping[str, Health | str]
    after: Mapping[str, Health | str]
    order: Order | str
    endpoint: Endpoint | None  # None where the environment names no exporter
    refusal: Refusal | None
    elsewhere: Endpoint | None  # where spans would be taken, if not there
    query: str
    backend: client.Backend | str
    trace: Trace | str | None
    read_seconds: float
    page: str  # the trace's, for people

    @property
    def told(self) -> dict[str, Health]:
        """The processes that say what became of their spans, by name."""
        return {name: each for name, each in self.after.items() if isinstance(each, Health)}

    def since(self, name: str) -> Spans:
        """What became of a process's spans during the walk, as far as it says."""
        before, after = self.before[name], self.after[name]
        if not isinstance(before, Health) or not isinstance(after, Health):
            return Spans(0, 0, 0)
        return after.spans.since(before.spans)

    @property
    def read(self) -> frozenset[str]:
        """The services whose spans were read back."""
        return frozenset(self.trace.services) if isinstance(self.trace, Trace) else frozenset()


def gather(target: str, query: str, environment: Mapping[str, str]) -> Evidence:
    """Walk from the gateway at `target` to the backend that is asked at `query`; 25 s at most."""
    began = time.monotonic()
    ready = _ready(target)
    addresses = health.addresses(target, environment)
    before = health.of_all(addresses)
    order = "" if ready else ordering.place(target)
    sending = endpoint.of(environment)
    refusal = endpoint.refusal(sending) if sending else None
    backend = _backend(query)
    elsewhere = _elsewhere(sending, backend, target) if refusal and isinstance(backend, client.Backend) else None
    trace: Trace | str | None = None
    reading = time.monotonic()
    if isinstance(order, Order) and order.sampled and isinstance(backend, client.Backend):
        left = max(1.0, min(_READ_SECONDS, _WALK_SECONDS - (reading - began)))
        told = {name: each for name, each in before.items() if isinstance(each, Health)}
        makers = {service(name) for name, each in told.items() if each.sends}
        hopeless = refusal is not None or (bool(told) and not makers)
        trace = _read(backend, order.trace_id, addresses, makers, _HOPELESS_SECONDS if hopeless else left)
    return Evidence(
        target=target,
        ready=ready,
        before=before,
        after=health.of_all(addresses),
        order=order,
        endpoint=sending,
        refusal=refusal,
        elsewhere=elsewhere,
        query=query,
        backend=backend,
        trace=trace,
        read_seconds=time.monotonic() - reading,
        page=_page(environment, order, backend),
    )


def _ready(target: str) -> str:
    try:
        reply = ask(f"{target}/readyz", seconds=_READY_SECONDS)
    except NoAnswer as error:
        return str(error)
    return "" if reply.status == 200 else f"answers {reply.status}: {ordering.detail(reply)}"


def _backend(query: str) -> client.Backend | str:
    try:
        return within(2 * _PROBE_SECONDS, lambda: client.probe(query, _PROBE_SECONDS))
    except TimeoutError:
        return f"No tracing backend answers at {query} in time."
    except (Unreachable, Malformed) as error:
        return str(error)


def _page(environment: Mapping[str, str], order: Order | str, backend: client.Backend | str) -> str:
    if isinstance(order, str) or isinstance(backend, str):
        return ""
    pattern = environment.get("TRACELAB_TRACE_URL")
    return pattern.replace("{trace_id}", order.trace_id) if pattern else backend.page(order.trace_id)


def _elsewhere(sending: Endpoint | None, backend: client.Backend, target: str) -> Endpoint | None:
    """The first place beside the backend's query API where spans are taken, if they are not taken where they go."""
    query = urlsplit(backend.url)
    offset = (urlsplit(target).port or 80) - plan.PORTS["gateway"]
    otlp = [f"{query.scheme}://{query.hostname}:{port}" for port in dict.fromkeys((OTLP_PORT + offset, OTLP_PORT))]
    places = [Endpoint("otlp", base + endpoint.OTLP_PATH) for base in otlp]
    if backend.make is client.Make.ZIPKIN:
        places.append(Endpoint("zipkin_json", backend.url + endpoint.ZIPKIN_PATH))
    if sending and sending.exporter == "zipkin_json":
        places.reverse()
    return next((place for place in places if endpoint.refusal(place, _ELSEWHERE_SECONDS) is None), None)


def _read(
    backend: client.Backend, trace_id: str, addresses: Mapping[str, str], makers: set[str], wait: float
) -> Trace | str:
    """Read the trace until all that make spans are in it, or nobody has any on their way, or time is up."""
    give_up = time.monotonic() + wait
    found: Trace | str = ""
    while (left := give_up - time.monotonic()) > 0:
        try:
            found = within(left + 1.0, partial(client.read, backend, trace_id, wait=min(_ONE_READ_SECONDS, left)))
        except TimeoutError:
            found = found or f"{backend.url} did not give it in time."
        except (NotFound, Unreachable, Malformed) as error:
            found = found if isinstance(found, Trace) else str(error)
        if isinstance(found, Trace) and (makers <= set(found.services) or not _on_their_way(addresses)):
            break
    return found


def _on_their_way(addresses: Mapping[str, str]) -> bool:
    return any(isinstance(each, Health) and each.spans.waiting for each in health.of_all(addresses).values())
