"""Judges what a walk has seen: each part of a trace's path, what mends it, and where the path stops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from discovery import client, duration, skew
from discovery.trace import Trace
from lab import plan
from lab.doctor import mends
from lab.doctor.check import Check, Stop
from lab.doctor.evidence import Evidence
from lab.doctor.health import Health
from lab.doctor.ordering import Order
from lab.tracing import OTLP_PORT, ZIPKIN_PORT

_CLOCK_SLACK = 2.0  # seconds by which a root span may lie outside its request
_SKEW_SLACK = 0.1  # seconds by which services' clocks may differ: less is guessed from calls that were slow somewhere
_LOOPBACK = ("127.0.0.1", "localhost")


def checks(seen: Evidence) -> Iterator[Check]:
    """The checks in the path's order."""
    yield _gateway(seen)
    yield _order(seen)
    yield _services(seen)
    yield _exporter(seen)
    yield _backend(seen)
    if seen.trace is not None:
        yield _trace(seen)
    if isinstance(seen.trace, Trace):
        yield _clocks(seen, seen.trace)


def stop(found: Sequence[Check]) -> Check | None:
    """The check that says where the path stops: the first that stops all spans, else the first that stops some."""
    stopping = [check for check in found if check.wrong and check.stops_at]
    return min(stopping, key=lambda check: check.partly, default=None)


def _gateway(seen: Evidence) -> Check:
    if not seen.ready:
        return Check("gateway", fine=True, text=f"{seen.target} is ready")
    text = f"{seen.target} {seen.ready}."
    return Check("gateway", fine=False, text=text, mend=_up(seen), stops_at=Stop.SERVICE)


def _order(seen: Evidence) -> Check:
    order = seen.order
    if isinstance(order, str):
        text = f"{order}." if order else "not placed, since the gateway is not ready."
        return Check("order", fine=False, text=text, mend=_up(seen), stops_at=Stop.SERVICE)
    if not order.trace_id:
        text = f"answered {order.status} without `traceresponse`: the gateway makes no spans, so nobody knows a trace."
        return Check("order", fine=False, text=text, mend=_instrumented(seen), stops_at=Stop.SERVICE)
    if not order.sampled:
        health = seen.after.get("gateway")
        sampler = health.tracing.sampler if isinstance(health, Health) else "unknown"
        text = f"none of {order.placed} was sampled (the gateway's sampler is {sampler}): their spans go nowhere."
        mend = mends.with_settings({"OTEL_TRACES_SAMPLER": "parentbased_always_on"}, _up(seen))
        return Check("order", fine=False, text=text, mend=mend, stops_at=Stop.SERVICE)
    times = "" if order.placed == 1 else f" (so was none of the {order.placed - 1} before it)"
    if order.status >= 400:
        text = f"answered {order.status}{times}: {order.detail} Its trace {order.trace_id} is sampled."
        mend = mends.tracelab(f"logs {order.trace_id}")
        return Check("order", fine=False, text=text, needed=False, mend=mend)
    return Check("order", fine=True, text=f"answered {order.status}; trace {order.trace_id} is sampled{times}")


def _services(seen: Evidence) -> Check:
    healths = {name: health for name, health in seen.after.items() if isinstance(health, Health)}
    silent = [health for health in seen.after.values() if isinstance(health, str)]
    untraced = [name for name, health in healths.items() if health.tracing.sampler is None]
    aimless = [name for name in healths if name not in untraced and not healths[name].tracing.exporters]
    losing = {name: lost for name, health in healths.items() if (lost := _lost(health) - _lost(seen.before[name]))}
    some = len(untraced) + len(aimless) < len(healths)
    if untraced:
        text = f"{_and(untraced)} {_verb(untraced, 'makes', 'make')} no spans: OTEL_SDK_DISABLED, or not instrumented."
        return _stopping("services", text, _instrumented(seen), Stop.SERVICE, partly=some)
    if aimless:
        text = f"{_and(aimless)} {_verb(aimless, 'has', 'have')} no exporter: OTEL_TRACES_EXPORTER is none."
        mend = mends.with_settings({"OTEL_TRACES_EXPORTER": "otlp"}, _up(seen))
        return _stopping("services", text, mend, Stop.EXPORTER, partly=some)
    if silent:
        text = f"{'; '.join(silent)}: what becomes of its spans is not known."
        return _stopping("services", text, _up(seen), Stop.SERVICE, partly=True)
    if losing:
        text = f"{_and([f'{name} lost {lost} spans' for name, lost in losing.items()])} during this walk."
        return _loss(seen, text, list(losing))
    return _counted(healths)


def _loss(seen: Evidence, text: str, losing: Sequence[str]) -> Check:
    """Spans were lost meanwhile: those of this order, or of earlier ones that were given up now."""
    mend = mends.tracelab(f"logs {losing[0]}")
    read = set(seen.trace.services) if isinstance(seen.trace, Trace) else set()
    if {name.partition("-")[0] for name in losing} <= read:
        return Check("services", fine=False, text=f"{text} This order's arrived.", needed=False, mend=mend)
    return _stopping("services", text, mend, Stop.EXPORTER, partly=bool(read))


def _counted(healths: Mapping[str, Health]) -> Check:
    delivered, waiting, lost = (
        sum(getattr(health.spans, name) for health in healths.values()) for name in ("delivered", "waiting", "lost")
    )
    text = f"{_and(list(healths))}: {delivered} spans delivered, {waiting} waiting, {lost} lost"
    if not lost:
        return Check("services", fine=True, text=text)
    losers = [name for name, health in healths.items() if health.spans.lost]
    text = f"{text} since the start, none during this walk."
    return Check("services", fine=False, text=text, needed=False, mend=mends.tracelab(f"logs {losers[0]}"))


def _exporter(seen: Evidence) -> Check:
    if seen.endpoint is None:
        text = "OTEL_TRACES_EXPORTER names none that sends to a backend."
        mend = mends.with_settings({"OTEL_TRACES_EXPORTER": "otlp"}, _up(seen))
        return _stopping("exporter", text, mend, Stop.EXPORTER)
    if seen.refusal is None:
        return Check("exporter", fine=True, text=f"{seen.endpoint.url} takes spans ({seen.endpoint.exporter})")
    if seen.refusal.dead and isinstance(seen.backend, str):
        return _stopping("exporter", seen.refusal.text, _start(seen), Stop.BACKEND)
    if seen.elsewhere:
        text = f"{seen.refusal.text} {seen.elsewhere.url} takes spans."
        mend = mends.with_settings(seen.elsewhere.settings, _up(seen))
        return _stopping("exporter", text, mend, Stop.EXPORTER)
    return _stopping("exporter", seen.refusal.text, _start(seen), Stop.EXPORTER)


def _backend(seen: Evidence) -> Check:
    if isinstance(seen.backend, client.Backend):
        return Check("backend", fine=True, text=f"{seen.backend.url} answers in {seen.backend.make}'s way")
    dead = seen.refusal is not None and seen.refusal.dead
    return _stopping("backend", seen.backend, _start(seen), Stop.BACKEND if dead else Stop.QUERY)


def _trace(seen: Evidence) -> Check:
    if not isinstance(seen.trace, Trace):
        return _lost_trace(seen)
    names = sorted(set(seen.trace.services))
    spans = len(seen.trace.spans)
    missing = [name for name in seen.after if "-" not in name and name not in names]
    if not missing:
        text = f"{spans} spans of {_and(names)} after {seen.read_seconds:.1f} s: {seen.page}"
        return Check("trace", fine=True, text=text)
    text = f"{spans} spans of {_and(names)}; {_and(missing)} {_verb(missing, 'is', 'are')} missing"
    health = seen.after[missing[0]]
    if isinstance(health, Health) and health.tracing.sampler is None:
        return _stopping("trace", f"{text}: no spans are made there.", _instrumented(seen), Stop.SERVICE, partly=True)
    if (
        isinstance(health, Health)
        and not health.spans.waiting
        and health.spans.delivered > _delivered(seen, missing[0])
    ):
        text = f"{text}, but delivered spans: the context does not reach it, so its spans are in a trace of their own."
        mend = mends.with_settings({"OTEL_PROPAGATORS": "tracecontext,baggage"}, _up(seen))
        return _stopping("trace", text, mend, Stop.SERVICE, partly=True)
    if isinstance(health, Health) and health.spans.ended == _ended(seen, missing[0]):
        text = f"{text}: the order did not come that far."
        return Check("trace", fine=False, text=text, needed=False, mend=mends.tracelab(f"logs {missing[0]}"))
    text = f"{text}: its spans have not been delivered."
    return _stopping("trace", text, mends.tracelab(f"logs {missing[0]}"), Stop.EXPORTER, partly=True)


def _lost_trace(seen: Evidence) -> Check:
    """Why a sampled trace cannot be read back: it was not sent, or not kept, or somebody else is asked."""
    healths = [health for health in seen.after.values() if isinstance(health, Health)]
    if seen.refusal or any(health.spans.waiting for health in healths):
        waiting = sum(health.spans.waiting for health in healths)
        text = f"not there after {seen.read_seconds:.0f} s; {waiting} spans still wait to be sent."
        mend = mends.tracelab("logs gateway")
        return _stopping("trace", text, mend, Stop.EXPORTER)
    sent = seen.endpoint.url if seen.endpoint else ""
    text = f"{seen.query} has nothing of it after {seen.read_seconds:.0f} s, though {sent} took every span"
    if urlsplit(sent).netloc == urlsplit(seen.query).netloc:
        return _stopping("trace", f"{text}: the backend does not keep them.", _start(seen), Stop.BACKEND)
    text = f"{text}: these are two backends, or the first does not pass on what it takes."
    return _stopping("trace", text, _start(seen), Stop.QUERY)


def _clocks(seen: Evidence, trace: Trace) -> Check:
    if shifts := [shift for shift in skew.repaired(trace).shifts if abs(shift.microseconds) > _SKEW_SLACK * 1e6]:
        text = " ".join(map(str, shifts))
        one_machine = urlsplit(seen.target).hostname in _LOOPBACK  # and so one clock, but for one that is set wrong
        return Check("clocks", fine=False, text=text, needed=False, mend=_up(seen) if one_machine else mends.clock())
    order = seen.order
    if isinstance(order, Order):
        off = max(order.began - trace.start / 1e6, trace.start / 1e6 - order.ended)
        if off > _CLOCK_SLACK:
            far = duration.spelled(round(off * 1e6))
            text = f"the trace's times are {far} from this machine's: a search for the last minutes may not find it."
            return Check("clocks", fine=False, text=text, needed=False, mend=mends.clock())
    return Check("clocks", fine=True, text="the spans' times agree with one another and with this machine's")


def _stopping(name: str, text: str, mend: str, stops_at: Stop, *, partly: bool = False) -> Check:
    return Check(name, fine=False, text=text, mend=mend, stops_at=stops_at, partly=partly)


def _up(seen: Evidence) -> str:
    """Start this shop again, with the same ports and backend."""
    target, query = urlsplit(seen.target), urlsplit(seen.query)
    if target.hostname not in _LOOPBACK:
        return "docker compose up -d --wait"
    offset = (target.port or 80) - plan.PORTS["gateway"]
    own = query.hostname in _LOOPBACK and query.port == ZIPKIN_PORT + offset
    return mends.tracelab("up" if own else f"up --backend {seen.query}", offset)


def _instrumented(seen: Evidence) -> str:
    return mends.with_settings({"OTEL_SDK_DISABLED": "false"}, _up(seen))


def _start(seen: Evidence) -> str:
    """Start the backend, where it is not the shop's own."""
    query = urlsplit(seen.query)
    if query.hostname not in _LOOPBACK:
        return f"docker compose up -d --wait {query.hostname}"
    again = _up(seen)
    if "--backend" not in again:
        return again
    sent = urlsplit(seen.endpoint.url).port if seen.endpoint and seen.endpoint.exporter == "otlp" else OTLP_PORT
    return mends.tracelab(f"backend --port {query.port or 80} --otlp-port {sent or 80}")


def _lost(health: Health | str) -> int:
    return health.spans.lost if isinstance(health, Health) else 0


def _delivered(seen: Evidence, name: str) -> int:
    health = seen.before[name]
    return health.spans.delivered if isinstance(health, Health) else 0


def _ended(seen: Evidence, name: str) -> int:
    health = seen.before[name]
    return health.spans.ended if isinstance(health, Health) else 0


def _and(names: Sequence[str]) -> str:
    """Join names as one says them."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _verb(names: Sequence[str], one: str, several: str) -> str:
    return one if len(names) == 1 else several
