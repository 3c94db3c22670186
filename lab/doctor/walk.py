"""Judges what a walk has seen of services, exporter and backend: what is wrong, what mends it, where the path stops."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from discovery import client
from discovery.trace import Trace
from lab.doctor import again, mends, reading
from lab.doctor.check import Check, Stop, listed, note, stopping
from lab.doctor.evidence import Evidence
from lab.doctor.health import service


def checks(seen: Evidence) -> Iterator[Check]:
    """The checks in the path's order."""
    yield _gateway(seen)
    yield _order(seen)
    yield _services(seen)
    exporter = _exporter(seen)
    yield exporter
    yield _backend(seen)
    if isinstance(seen.trace, Trace):
        yield reading.found(seen, seen.trace)
        yield reading.clocks(seen, seen.trace)
    elif seen.trace is not None:
        yield reading.lost(seen, exporter)


def stop(found: Sequence[Check]) -> Check | None:
    """The check that says where the path stops: the first that stops all spans, else the first that stops some."""
    return min((check for check in found if check.stops_at), key=lambda check: check.partly, default=None)


def _gateway(seen: Evidence) -> Check:
    if seen.ready:
        return stopping("gateway", f"{seen.target} {seen.ready}.", again.up(seen), Stop.SERVICE)
    return Check("gateway", fine=True, text=f"{seen.target} is ready")


def _order(seen: Evidence) -> Check:
    order = seen.order
    if isinstance(order, str):
        text = f"{order}." if order else "not placed, since the gateway is not ready."
        return stopping("order", text, again.up(seen), Stop.SERVICE)
    if not order.trace_id and "gateway" in seen.told and seen.told["gateway"].tracing.sampler:
        text = f"answered {order.status} without `traceresponse`: it was not served as the shop serves. {order.detail}"
        return stopping("order", text.rstrip(), again.logs(seen, "gateway"), Stop.SERVICE)
    if not order.trace_id:
        text = f"answered {order.status} without `traceresponse`: the gateway makes no spans, so nobody knows a trace."
        return stopping("order", text, again.instrumented(seen), Stop.SERVICE)
    if not order.sampled:
        sampler = _root(seen.told["gateway"].tracing.sampler) if "gateway" in seen.told else "unknown"
        text = f"none of {order.placed} was sampled (the gateway's sampler is {sampler}): their spans go nowhere."
        mend = mends.with_settings({"OTEL_TRACES_SAMPLER": "parentbased_always_on"}, again.up(seen))
        return stopping("order", text, mend, Stop.SERVICE)
    sampled = f"trace {order.trace_id} is sampled"
    if order.placed > 1:
        sampled += f", which none of the {order.placed - 1} before it was"
    if order.status >= 400:
        return note(
            "order", f"answered {order.status}: {order.detail} Its {sampled}.", again.logs(seen, order.trace_id)
        )
    return Check("order", fine=True, text=f"answered {order.status}; {sampled}")


def _root(sampler: str | None) -> str:
    """A sampler's description, of a parent-based one only what it does with a root: the rest is always the same."""
    found = re.match(r"ParentBased\{root:(.*?),remoteParentSampled:", sampler or "none")
    return f"ParentBased{{root:{found[1]}}}" if found else str(sampler)


def _services(seen: Evidence) -> Check:
    untraced = [name for name, health in seen.told.items() if health.tracing.sampler is None]
    aimless = [name for name, health in seen.told.items() if name not in untraced and not health.tracing.exporters]
    silent = {name: why for name, why in seen.after.items() if isinstance(why, str)}
    losing = [name for name in seen.told if seen.since(name).lost]
    some = len(untraced) + len(aimless) < len(seen.told)
    if untraced:
        text = f"{listed(untraced, 'makes', 'make')} no spans: OTEL_SDK_DISABLED, or not instrumented."
        return stopping("services", text, again.instrumented(seen), Stop.SERVICE, partly=some)
    if aimless:
        text = f"{listed(aimless, 'has', 'have')} no exporter: OTEL_TRACES_EXPORTER is none."
        return stopping("services", text, again.exporting(seen), Stop.EXPORTER, partly=some)
    if silent:
        text = f"{'; '.join(silent.values())}."
        if seen.read >= {service(name) for name in silent}:
            return note("services", f"{text} Its spans arrive all the same.", again.up(seen))
        return stopping("services", text, again.up(seen), Stop.SERVICE, partly=True)
    return _losing(seen, losing) if losing else _counted(seen)


def _losing(seen: Evidence, losing: Sequence[str]) -> Check:
    """Spans were lost meanwhile: those of this order, or of earlier ones that were given up now."""
    text = f"spans lost during this walk: {listed([f'{name} {seen.since(name).lost}' for name in losing])}."
    mend = again.logs(seen, losing[0])
    if seen.read >= {service(name) for name in losing}:
        return note("services", f"{text} This order's arrived.", mend)
    if seen.refusal:  # which says why
        return note("services", text, mend)
    return stopping("services", text, mend, Stop.EXPORTER, partly=bool(seen.read))


def _counted(seen: Evidence) -> Check:
    spans = [health.spans for health in seen.told.values()]
    delivered, waiting, lost = (sum(getattr(each, name) for each in spans) for name in ("delivered", "waiting", "lost"))
    text = f"{listed(list(seen.told))}: {delivered} spans delivered, {waiting} waiting, {lost} lost"
    if not lost:
        return Check("services", fine=True, text=text)
    loser = next(name for name, health in seen.told.items() if health.spans.lost)
    return note("services", f"{text} since the start, none during this walk.", again.logs(seen, loser))


def _exporter(seen: Evidence) -> Check:
    if seen.endpoint is None:
        text = "OTEL_TRACES_EXPORTER names none that sends to a backend."
        return stopping("exporter", text, again.exporting(seen), Stop.EXPORTER)
    if seen.refusal is None:
        return Check("exporter", fine=True, text=f"{seen.endpoint.url} takes spans ({seen.endpoint.exporter})")
    if seen.elsewhere:
        text = f"{seen.refusal.text} {seen.elsewhere.url} takes spans."
        return stopping("exporter", text, again.sending(seen, seen.endpoint, seen.elsewhere), Stop.EXPORTER)
    gone = seen.refusal.dead and isinstance(seen.backend, str)
    return stopping("exporter", seen.refusal.text, again.backend(seen), Stop.BACKEND if gone else Stop.EXPORTER)


def _backend(seen: Evidence) -> Check:
    if isinstance(seen.backend, client.Backend):
        return Check("backend", fine=True, text=f"{seen.backend.url} answers as {seen.backend.make.capitalize()} does")
    gone = seen.refusal is not None and seen.refusal.dead
    return stopping("backend", seen.backend, again.backend(seen), Stop.BACKEND if gone else Stop.QUERY)
