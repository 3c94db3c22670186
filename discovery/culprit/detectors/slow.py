"""Faults that cost time. Each looks at the entries of the account that grew; see `discovery.culprit.account`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from discovery.culprit.account import Part
from discovery.culprit.case import Case, Grown, Sighting, Suspicion, once, suspicions
from discovery.culprit.detectors.slicing import REPLICA, follows
from discovery.culprit.sample import Sample
from discovery.culprit.visit import LARGE, Visit, number, overlapping, repeats

_STAIRS = 5  # times the same statement more than usual
_IDLE = 80_000  # microseconds between two statements that no busy machine explains
_SELDOM = 0.9  # of a route's traces make a call that is behind a cache, at most
_RARE = 0.08  # of the visits: a tail rather than a mode


def grown(sample: Sample, case: Case, *parts: Part) -> Iterator[Grown]:
    """Give the entries of some parts that took remarkably long in a trace."""
    return (each for each in case.grown(sample) if each.entry.part in parts)


def _slow(case: Case, fault: str, *parts: Part, alike: tuple[str, ...] = (), because: str = "") -> list[Suspicion]:
    def see(sample: Sample) -> Iterator[Sighting]:
        for each in grown(sample, case, *parts):
            yield _sighting(sample, each)

    return suspicions(case, fault, see, alike=alike, because=because, sized=True)


def latency(case: Case) -> list[Suspicion]:
    """The service itself is slow: time is added inside its server span, with nothing below it and no wait noted.

    Where requests wait for threads, those that do not say so wait for them all the same.
    """
    because = (
        "the time is its own: nothing below its server span took it, and it waited for no loop, thread or connection"
    )
    found = _slow(case, "latency", Part.LEAD, Part.WORK, alike=("slow-tail",), because=because)
    starving = _starving(case)
    return [each for each in found if each.service not in starving]


def slow_replica(case: Case) -> list[Suspicion]:
    """All slow visits of a service are of one instance of it, nearly all of that one are, and others are as ever."""
    suspected = _slow(case, "slow-replica", Part.LEAD, Part.WORK)
    followed = ((each, follows(case, each, *REPLICA)) for each in suspected)
    return [
        replace(each, because=f"only {only.tag} {only.value} of it is slow, and nearly always")
        for each, only in followed
        if only
    ]


def slow_tail(case: Case) -> list[Suspicion]:
    """The same as latency, but for few: the median says nothing of it, and those few take far longer by the same."""
    longest: dict[str, int] = {}
    for each in _slow(case, "slow-tail", Part.LEAD, Part.WORK):
        longest[each.service] = max(sighting.time for seen in each.sightings.values() for sighting in seen)

    def see(sample: Sample) -> Iterator[Sighting]:
        for each in grown(sample, case, Part.LEAD, Part.WORK):
            if 2 * each.more >= longest.get(each.entry.service, 0):
                yield _sighting(sample, each)

    because = "few of its requests take a way of its own that is far longer, with nothing below it"
    found = suspicions(case, "slow-tail", see, alike=("latency",), because=because, sized=True)
    return [each for each in found if each.troubled[0] <= _RARE * each.troubled[1]]


def slow_query(case: Case) -> list[Suspicion]:
    """One statement is slow: time is added in a database span, and there are no more of them than usual."""
    see = _visits(
        case,
        Part.STATEMENT,
        lambda visit: repeats(visit) < case.usual.statements.get(_place(visit), 0) + _STAIRS,
    )
    return suspicions(case, "slow-query", see, because="one statement of its database takes the time", sized=True)


def n_plus_one(case: Case) -> list[Suspicion]:
    """The same short statement again and again below one server span, more often than usual."""

    def see(sample: Sample) -> Iterator[Sighting]:
        for visit in sample.visits.all:
            if repeats(visit) >= case.usual.statements.get(_place(visit), 0) + _STAIRS:
                spans = tuple(span.span_id for span in visit.statements)
                time = sum(span.duration for span in visit.statements)
                yield Sighting(visit.service, visit.operation, spans, time)

    return suspicions(case, "n-plus-one", see, because="it runs the same statement again and again, one after another")


def slow_dependency(case: Case) -> list[Suspicion]:
    """A call to somebody who leaves no span is slow, and answered well; who usually leaves one is another matter."""

    def see(sample: Sample) -> Iterator[Sighting]:
        for each in grown(sample, case, Part.CALL):
            if not any(sample.call(sample.trace.index[span]) in case.usual.callee for span in each.spans):
                yield _sighting(sample, each)

    because = "it waits for an answer from a system that leaves no span of its own"
    return suspicions(case, "slow-dependency", see, because=because, sized=True)


def network_delay(case: Case) -> list[Suspicion]:
    """Between a caller's client span and the server span is time that neither worked: the way there and back."""
    return _slow(
        case,
        "network-delay",
        Part.WIRE,
        because="its callers wait long while its own server spans are as short as ever: the time is on the way",
    )


def blocked_loop(case: Case) -> list[Suspicion]:
    """The event loop was late: the service says so itself (`tracelab.wait.loop`), in traces of any kind at once."""
    return _slow(
        case, "blocked-loop", Part.LOOP, because="its event loop stood still: everything in that process waited at once"
    )


def thread_starvation(case: Case) -> list[Suspicion]:
    """No worker thread was free: the service says so itself (`tracelab.wait.thread`), of most of what it does first."""
    found = _slow(case, "thread-starvation", Part.THREAD, Part.LEAD, because="requests waited for a worker thread")
    starving = _starving(case)
    return [each for each in found if each.service in starving]


@once
def _starving(case: Case) -> set[str]:
    """Services of which requests wait for threads, about as many and as long as are slow before they do anything.

    On a busy machine a thread is late by some milliseconds now and then, which is no reason for much longer delays.
    """
    itself = {each.service: each for each in _slow(case, "latency", Part.LEAD)}
    waits = _slow(case, "thread-starvation", Part.THREAD)
    return {each.service for each in waits if _explains(each, itself.get(each.service))}


def _explains(waits: Suspicion, itself: Suspicion | None) -> bool:
    if itself is None:
        return True
    return 2 * len(waits.sightings) >= len(itself.sightings) and 4 * waits.time >= itself.time


def pool_exhaustion(case: Case) -> list[Suspicion]:
    """No database connection was free: a `pool.wait` span, and `tracelab.wait.pool` on the server span.

    Where somebody idles inside a transaction, it is that one's doing: others hold connections while they wait for it.
    """
    found = _slow(case, "pool-exhaustion", Part.POOL, because="requests waited for a database connection")
    holders = _holders(case)
    return [each for each in found if each.service not in holders]


def lock_contention(case: Case) -> list[Suspicion]:
    """Statements that take a lock (BEGIN on SQLite, FOR UPDATE) wait, and somebody idles inside a transaction.

    When many wait, no connection is left, and others wait for one: their time is the lock's too.
    """
    because = "transactions waited for a lock that another one held while it did nothing"
    narrow = _slow(case, "lock-contention", Part.LOCK, Part.HELD, because=because)
    wide = _slow(case, "lock-contention", Part.LOCK, Part.HELD, Part.POOL, because=because)
    holders = _holders(case)
    return [each for each in narrow if each.service not in holders] + [each for each in wide if each.service in holders]


@once
def _holders(case: Case) -> set[str]:
    """Services that idle inside transactions more than once, for longer than a busy machine makes them."""
    held = _slow(case, "lock-contention", Part.HELD)
    return {each.service for each in held if each.healthy[0] == 0 and _long(each) > 1}


def _long(each: Suspicion) -> int:
    return sum(sighting.time >= _IDLE for seen in each.sightings.values() for sighting in seen)


def large_payload(case: Case) -> list[Suspicion]:
    """The answer is far larger than usual: `http.response.body.size` on the server span, and its caller reads long."""

    def see(sample: Sample) -> Iterator[Sighting]:
        for visit in sample.visits.all:
            size = number(visit.span, "http.response.body.size")
            if size >= LARGE and size > 2 * case.usual.body.get(_place(visit), 0):
                call = (visit.call.span_id,) if visit.call else ()
                yield Sighting(visit.service, visit.operation, (visit.span.span_id, *call), _added(sample, case))

    return suspicions(case, "large-payload", see, because="its answers are far larger than usual")


def serial_fan_out(case: Case) -> list[Suspicion]:
    """Calls that used to lie side by side below one server span follow one another."""

    def see(sample: Sample) -> Iterator[Sighting]:
        for visit in sample.visits.all:
            if case.usual.beside.get(_place(visit), 0) > 0.8 and len(visit.calls) > 1 and not overlapping(visit):
                yield Sighting(visit.service, visit.operation, tuple(span.span_id for span in visit.calls))

    return suspicions(case, "serial-fan-out", see, because="calls that it made side by side now follow one another")


def cold_cache(case: Case) -> list[Suspicion]:
    """A call that only some requests of a route made, as behind a cache, is made by far more of them.

    How many did so before has to be known, so that one window of time cannot tell.
    """
    if case.split:
        return []

    def see(sample: Sample) -> Iterator[Sighting]:
        known = case.usual.edges.get(sample.route, {})
        for edge, visits in sample.edges.items():
            use, parent = known.get(edge), visits[0].parent
            if use and use.share < _SELDOM and parent:
                spans = tuple(visit.call.span_id for visit in visits if visit.call)
                yield Sighting(parent.service, parent.operation, spans, _added(sample, case))

    return suspicions(case, "cold-cache", see, because="what it kept in a cache it asks for again and again")


def _sighting(sample: Sample, each: Grown) -> Sighting:
    entry = each.entry
    return Sighting(entry.service, entry.operation, each.spans, each.more, sample.trace.index[each.spans[-1]].end)


def _place(visit: Visit) -> tuple[str, str]:
    return visit.service, visit.operation


def _added(sample: Sample, case: Case) -> int:
    """Microseconds that a whole trace took longer than typical."""
    return max(0, sample.trace.duration - case.usual.duration(sample.route).typical)


def _visits(case: Case, part: Part, holds: Callable[[Visit], bool]) -> Callable[[Sample], Iterator[Sighting]]:
    def see(sample: Sample) -> Iterator[Sighting]:
        for each in grown(sample, case, part):
            visits = [visit for span in each.spans if (visit := sample.visits.of.get(span))]
            if all(map(holds, visits)):
                yield _sighting(sample, each)

    return see
