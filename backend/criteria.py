"""What a search asks for, and the rule by which a trace meets it.

The rule is Zipkin's (zipkin2.storage.QueryRequest): the trace's time is that of its first parentless span, else its
earliest; the conditions are met together by the spans of the service asked for, not necessarily by one of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from discovery import attributes, zipkin
from discovery.trace import Span

DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Criteria:
    """A search. Times are microseconds; names are compared in lower case; an empty one is not asked for.

    `tags` maps a tag's key to its value; an empty value asks for the key alone, or for an annotation of that text.
    `errors` asks for a red span. `until` is since the epoch, and `lookback` reaches back from it.
    """

    service: str = ""
    name: str = ""
    remote: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    least: int | None = None
    most: int | None = None
    errors: bool = False
    until: int = field(default_factory=lambda: time.time_ns() // 1000)
    lookback: int = DAY
    limit: int = 10

    @property
    def since(self) -> int:
        """The earliest time asked for, in microseconds since the epoch."""
        return self.until - self.lookback


def moment(spans: Iterable[Span]) -> int:
    """Return the time by which a trace is found, in microseconds since the epoch; 0 where no span has one."""
    timed = [span for span in spans if span.start]
    first = next((span.start for span in timed if span.parent_id is None), 0)
    return first or min((span.start for span in timed), default=0)


def met(criteria: Criteria, spans: list[Span]) -> bool:
    """Tell whether a trace's spans meet a search."""
    at = moment(spans)
    if not at or not criteria.since <= at <= criteria.until:
        return False
    ours = [span for span in spans if not criteria.service or span.service.lower() == criteria.service.lower()]
    return (
        bool(ours)
        and (not criteria.name or any(span.name.lower() == criteria.name.lower() for span in ours))
        and (not criteria.remote or any((span.remote or "").lower() == criteria.remote.lower() for span in ours))
        and (not criteria.errors or any(span.error for span in ours))
        and _lasted(criteria, ours)
        and all(any(_tagged(span, key, value) for span in ours) for key, value in criteria.tags.items())
    )


def _lasted(criteria: Criteria, spans: list[Span]) -> bool:
    if criteria.least is None and criteria.most is None:
        return True
    least, most = criteria.least or 0, criteria.most or 2**63
    return any(least <= span.duration <= most for span in spans)


def _tagged(span: Span, key: str, value: str) -> bool:
    found = span.tag(key)
    if found is None and key == "error" and span.error:
        found = span.message
    if found is not None and (not value or attributes.text(found) == value):
        return True
    return not value and any(key in (event.name, zipkin.annotation(event)) for event in span.events)
