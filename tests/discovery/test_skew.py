"""Clocks that disagree are set right where calls tell by how much, and nothing else is moved."""

from __future__ import annotations

from discovery import skew
from discovery.trace import Event, Kind
from tests.discovery.making import recorded, span, trace

T = 1_700_000_000_000_000


def _span(span_id, parent_id, start, end, service, **more):
    return span(span_id, parent_id, T + start, T + end, service=service, **more)


def _checkout(off: int, **more):
    """A call of 100 ms from gateway to order, whose clock is `off`; order asks its database, and payment in turn."""
    return (
        _span("call", None, 0, 100_000, "gateway", kind=Kind.CLIENT),
        _span("order", "call", 10_000 + off, 90_000 + off, "order", kind=Kind.SERVER, **more),
        _span("query", "order", 20_000 + off, 30_000 + off, "order", events=(Event(T + 25_000 + off, "sent"),)),
        _span("pay", "order", 40_000 + off, 80_000 + off, "order", kind=Kind.CLIENT),
        _span("payment", "pay", 50_000, 70_000, "payment", kind=Kind.SERVER),
    )


def _starts(found):
    return {each.span_id: each.start - T for each in found.spans}


def test_a_trace_without_skew_comes_back_as_it_is():
    """Where all answers lie in their calls, the very same trace is returned, and no shift."""
    made = trace(*_checkout(0))
    found = skew.repaired(made)
    assert found.trace is made
    assert found.shifts == ()


def test_a_process_moves_as_a_whole():
    """An answer that lies before its call goes to the middle of it; so does what it did, and its events."""
    found = skew.repaired(trace(*_checkout(-3_000_000)))
    assert _starts(found.trace) == {"call": 0, "order": 10_000, "query": 20_000, "pay": 40_000, "payment": 50_000}
    assert found.trace.index["query"].events[0].time == T + 25_000
    [shift] = found.shifts
    assert (shift.service, shift.microseconds, shift.spans) == ("order", 3_000_000, ("order", "query", "pay"))


def test_a_shift_is_said_in_words():
    """Which clock, how far off and in which direction, and what was done about it."""
    [behind] = skew.repaired(trace(*_checkout(-3_000_000))).shifts
    assert str(behind) == (
        "The clock of order was 3.00 s behind its caller's: its 3 spans are shown 3.00 s later than recorded."
    )
    instance = {"service.instance.id": "order-2"}
    [ahead] = skew.repaired(trace(*_checkout(50_000, resource=instance))).shifts
    assert str(ahead).startswith(
        "The clock of order (order-2) was 50.0 ms ahead of its caller's: its 3 spans are shown"
    )
    assert ahead.microseconds == -50_000


def test_what_a_shifted_service_calls_is_compared_with_it_as_shifted():
    """Two clocks that are off by the same are both set right, the second relative to the first."""
    gateway, order, query, pay, payment = _checkout(-3_000_000)
    payment = _span("payment", "pay", 50_000 - 3_000_000, 70_000 - 3_000_000, "payment", kind=Kind.SERVER)
    found = skew.repaired(trace(gateway, order, query, pay, payment))
    assert [(shift.service, shift.microseconds) for shift in found.shifts] == [
        ("order", 3_000_000), ("payment", 3_000_000),
    ]  # fmt: skip
    assert _starts(found.trace)["payment"] == 50_000


def test_an_answer_longer_than_its_call_starts_with_it():
    """An answer that outlasts its call and began before it is moved to the call's start."""
    call = _span("call", None, 0, 100_000, "gateway", kind=Kind.CLIENT)
    late = _span("order", "call", -50_000, 150_000, "order", kind=Kind.SERVER)
    assert _starts(skew.repaired(trace(call, late)).trace)["order"] == 0


def test_work_after_the_answer_is_no_skew():
    """What began within its call and outlasts it, or a call that gave up, stays where it is."""
    call = _span("call", None, 0, 100_000, "gateway", kind=Kind.CLIENT)
    longer = _span("order", "call", 1_000, 190_000, "order", kind=Kind.SERVER)
    assert skew.repaired(trace(call, longer)).shifts == ()
    gave_up = _span("call", None, 0, 100_000, "gateway", kind=Kind.CLIENT, error=True)
    queued = _span("order", "call", 90_000, 120_000, "order", kind=Kind.SERVER)
    assert skew.repaired(trace(gave_up, queued)).shifts == ()


def test_who_is_not_waited_for_has_no_say():
    """Detached children, messages, and spans that are no answers to calls stay where they are."""
    for kinds, more in (
        ((Kind.CLIENT, Kind.SERVER), {"detached": True}),
        ((Kind.PRODUCER, Kind.CONSUMER), {}),
        ((Kind.INTERNAL, Kind.SERVER), {}),
        ((Kind.CLIENT, Kind.INTERNAL), {}),
    ):
        call = _span("call", None, 0, 100_000, "gateway", kind=kinds[0])
        later = _span("order", "call", 500_000, 510_000, "order", kind=kinds[1], **more)
        assert skew.repaired(trace(call, later)).shifts == ()


def test_one_clock_has_one_shift():
    """Two answers of one process are moved by the same: what both calls allow, though each alone allows others."""
    root = _span("root", None, 0, 200_000, "gateway", kind=Kind.SERVER)
    first = _span("first", "root", 0, 100_000, "gateway", kind=Kind.CLIENT)
    second = _span("second", "root", 100_000, 140_000, "gateway", kind=Kind.CLIENT)
    answers = (
        _span("a", "first", 1_000_000, 1_020_000, "order", kind=Kind.SERVER),
        _span("b", "second", 1_070_000, 1_110_000, "order", kind=Kind.SERVER),
    )
    found = skew.repaired(trace(root, first, second, *answers))
    starts = _starts(found.trace)
    assert starts["b"] == 100_000  # as long as its call, so that only one place is left
    assert starts["b"] - starts["a"] == 70_000


def test_a_call_that_fits_speaks_for_the_clock():
    """Where one answer of a process fits, another that ends after its call does not make its clock wrong."""
    root = _span("root", None, 0, 300_000, "gateway", kind=Kind.SERVER)
    first = _span("first", "root", 0, 100_000, "gateway", kind=Kind.CLIENT)
    second = _span("second", "root", 100_000, 200_000, "gateway", kind=Kind.CLIENT)
    fits = _span("a", "first", 1_000, 99_000, "order", kind=Kind.SERVER)
    ends_late = _span("b", "second", 150_000, 230_000, "order", kind=Kind.SERVER)
    assert skew.repaired(trace(root, first, second, fits, ends_late)).shifts == ()


def test_instances_have_clocks_of_their_own():
    """Of two replicas only the one whose clock is off is moved."""
    root = _span("root", None, 0, 200_000, "gateway", kind=Kind.SERVER)
    calls = [_span(f"call {n}", "root", 0, 100_000, "gateway", kind=Kind.CLIENT) for n in (1, 2)]
    answers = [
        _span(f"{n}", f"call {n}", at, at + 50_000, "order", kind=Kind.SERVER, resource={"service.instance.id": f"{n}"})
        for n, at in ((1, 25_000), (2, 725_000))
    ]
    [shift] = skew.repaired(trace(root, *calls, *answers)).shifts
    assert (shift.instance, shift.microseconds) == ("2", -700_000)


def test_less_than_a_millisecond_is_left():
    """Times that disagree by less than a millisecond are no clock's fault."""
    call = _span("call", None, 0, 100_000, "gateway", kind=Kind.CLIENT)
    early = _span("order", "call", -900, 50_000, "order", kind=Kind.SERVER)
    assert skew.repaired(trace(call, early)).shifts == ()


def test_spans_without_times_say_nothing():
    """A span whose sender gave no time is no reason to move its process."""
    call = _span("call", "root", 50_000, 60_000, "gateway", kind=Kind.CLIENT)
    root = _span("root", None, 0, 100_000, "gateway")
    untimed = span("order", "call", 0, 0, service="order", kind=Kind.SERVER)
    assert skew.repaired(trace(root, call, untimed)).shifts == ()


def test_zipkins_recorded_skew_is_mended():
    """In Zipkin's own example of clock skew every answer lies in its call afterwards."""
    found = skew.repaired(recorded("skew"))
    assert found.shifts
    for each in found.trace.spans:
        call = found.trace.span(each.parent_id)
        if call and call.kind is Kind.CLIENT and each.kind is Kind.SERVER:
            assert call.start <= each.start
            assert each.end <= call.end
