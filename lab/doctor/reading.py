"""Judges what came back when the order's trace was read: which services are in it, and whether its times can be."""

from __future__ import annotations

from urllib.parse import urlsplit

from discovery import duration, skew
from discovery.trace import Trace
from lab.doctor import again, mends
from lab.doctor.check import Check, Stop, listed, note, stopping
from lab.doctor.evidence import Evidence
from lab.doctor.health import service
from lab.doctor.ordering import Order

_CLOCK_SLACK = 2.0  # seconds by which a trace may begin outside its request
_SKEW_SLACK = 0.1  # seconds by which services' clocks may differ: less is guessed from calls that were slow somewhere


def found(seen: Evidence, trace: Trace) -> Check:
    """Whether every service has spans in the trace, and what became of the spans of those that have none."""
    spans = f"{len(trace.spans)} spans of {listed(sorted(seen.read))}"
    missing = list(dict.fromkeys(service(name) for name in seen.after if service(name) not in seen.read))
    if not missing:
        return Check("trace", fine=True, text=f"{spans} after {seen.read_seconds:.1f} s: {seen.page}")
    text = f"{spans}; {listed(missing, 'is', 'are')} missing"
    first, since = missing[0], seen.since(missing[0])
    if first in seen.told and seen.told[first].tracing.sampler is None:
        text = f"{text}: no spans are made there."
        return stopping("trace", text, again.instrumented(seen), Stop.SERVICE, partly=True)
    if not since.ended:
        return note("trace", f"{text}: the order did not come that far.", again.logs(seen, first))
    if since.delivered and not since.waiting:
        text = f"{text}, though spans were delivered: the context does not arrive there, so they are in other traces."
        mend = mends.with_settings({"OTEL_PROPAGATORS": "tracecontext,baggage"}, again.up(seen))
        return stopping("trace", text, mend, Stop.SERVICE, partly=True)
    return stopping("trace", f"{text}: not delivered.", again.logs(seen, first), Stop.EXPORTER, partly=True)


def lost(seen: Evidence, exporter: Check) -> Check:
    """Why a sampled trace cannot be read back: it was not sent, or not kept, or somebody else is asked."""
    waiting = sum(health.spans.waiting for health in seen.told.values())
    if exporter.wrong or waiting:
        text = f"not there after {seen.read_seconds:.0f} s: its spans were not delivered ({waiting} wait to be)."
        return stopping("trace", text, exporter.mend or again.logs(seen, "gateway"), Stop.EXPORTER)
    sent = seen.endpoint.url if seen.endpoint else "the backend"
    text = f"{seen.query} has nothing of it after {seen.read_seconds:.0f} s, though {sent} took every span"
    if urlsplit(sent).netloc == urlsplit(seen.query).netloc:
        return stopping("trace", f"{text}: the backend does not keep them.", again.backend(seen), Stop.BACKEND)
    text = f"{text}: these are two backends, or the first does not pass on what it takes."
    return stopping("trace", text, again.reading(seen), Stop.QUERY)


def clocks(seen: Evidence, trace: Trace) -> Check:
    """Whether the trace's times agree with one another, and with the clock of this machine."""
    if shifts := [shift for shift in skew.repaired(trace).shifts if abs(shift.microseconds) > _SKEW_SLACK * 1e6]:
        # One machine has one clock: what differs there was started so.
        return note("clocks", " ".join(map(str, shifts)), again.up(seen) if again.is_local(seen) else mends.clock())
    if isinstance(seen.order, Order):
        began = trace.start / 1e6
        off = max(seen.order.began - began, began - seen.order.ended)
        if off > _CLOCK_SLACK:
            text = f"the trace begins {duration.spelled(round(off * 1e6))} from when it did by this machine's clock: "
            return note("clocks", f"{text}a search for the last minutes may not find it.", mends.clock())
    return Check("clocks", fine=True, text="the spans' times agree with one another and with this machine's")
