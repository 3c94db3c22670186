"""What can be seen in a trace: small questions, of which the signatures are made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from discovery.trace import Kind, Span, Trace


def servers(trace: Trace, service: str) -> list[Span]:
    """A service's server spans."""
    return [span for span in trace.spans if span.service == service and span.kind is Kind.SERVER]


def statements(trace: Trace, service: str) -> list[Span]:
    """A service's database spans."""
    return [span for span in trace.spans if span.service == service and text(span)]


def calls(trace: Trace, service: str, path: str = "") -> list[Span]:
    """A service's HTTP client spans, to any address or those whose path ends so."""
    spans = [span for span in trace.spans if span.service == service and span.kind is Kind.CLIENT and not text(span)]
    return [span for span in spans if str(span.attributes.get("url.full", "")).endswith(path)]


def text(span: Span) -> str:
    """A database span's statement; nothing for any other span."""
    return str(span.attributes.get("db.query.text", ""))


def below(trace: Trace, span: Span) -> tuple[Span, ...]:
    """A span's children."""
    return trace.children[span.span_id]


def above(trace: Trace, span: Span) -> Span | None:
    """A span's parent, where it is in the trace."""
    return trace.span(span.parent_id)


def gap(trace: Trace, span: Span) -> float:
    """Seconds from a span's start to its first child's, or to its end."""
    return (min([child.start for child in below(trace, span)], default=span.end) - span.start) / 1e6


def seconds(span: Span) -> float:
    """Its duration."""
    return span.duration / 1e6


def wait(span: Span, what: str) -> float:
    """Seconds of a wait that the service noted on its server span: loop, thread or pool."""
    return float(span.attributes.get(f"tracelab.wait.{what}", 0)) / 1e3


def deepest_red(trace: Trace) -> list[Span]:
    """Red spans without a red child."""
    return [span for span in trace.spans if span.error and not any(child.error for child in below(trace, span))]


def siblings(trace: Trace) -> Iterator[tuple[Span, tuple[Span, ...]]]:
    """Each span with its children."""
    for span in trace.spans:
        yield span, below(trace, span)


def one_after_the_other(spans: list[Span]) -> bool:
    """Whether no two of them overlap."""
    ordered = sorted(spans, key=lambda span: span.start)
    return all(one.end <= other.start for one, other in pairwise(ordered))


def named(trace: Trace, service: str, ending: str) -> list[Span]:
    """A service's server spans whose route ends so."""
    return [span for span in servers(trace, service) if span.name.casefold().endswith(ending)]


def status(trace: Trace) -> str:
    """What the customer was answered."""
    return str(trace.root.attributes.get("http.response.status_code", ""))
