"""Evidence as it is pasted: ids and links of three makes are read, anything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.learn.evidence import Pasted, read

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ONE, BOTH = Pasted(TRACE), Pasted(TRACE, SPAN)


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        (TRACE, ONE),
        (f"  {TRACE.upper()}\n", ONE),
        (f'"{TRACE}"', ONE),
        (f"{TRACE}/{SPAN}", BOTH),
        (f"{TRACE} {SPAN.upper()}", BOTH),
        (f"{TRACE}, {SPAN}", BOTH),
        (SPAN, Pasted("0" * 16 + SPAN)),  # a trace id of 64 bits
        (f"http://127.0.0.1:16686/trace/{TRACE}", ONE),
        (f"http://127.0.0.1:16686/trace/{TRACE}?uiFind={SPAN}", BOTH),
        (f"<http://jaeger.example/jaeger/ui/trace/{TRACE}?uiFind={SPAN}&x=y>", BOTH),
        (f"http://127.0.0.1:9411/zipkin/traces/{TRACE}", ONE),
        (f"http://127.0.0.1:9411/zipkin/traces/{TRACE}?spanId={SPAN}", BOTH),
        (f"http://127.0.0.1:9411/zipkin/?traceId={TRACE}", None),
        (f"http://127.0.0.1:9411/trace/{TRACE}", ONE),
        (f"http://127.0.0.1:9411/trace/{TRACE}?span={SPAN}&zoom=1~2", BOTH),
        (f"http://127.0.0.1:9411/trace/{TRACE}#{SPAN}", BOTH),
        (f"http://127.0.0.1:9411/trace/{TRACE}#span={SPAN}", BOTH),
        ("", None),
        ("the slow one", None),
        (TRACE[:-1], None),
        (f"{TRACE}/{SPAN[:-1]}", None),
        (f"{TRACE}/{SPAN}/{SPAN}", None),
        ("http://127.0.0.1:9411/trace/", None),
        ("http://[::1/trace/" + TRACE, None),
        ("http://127.0.0.1:9411/", None),
    ],
)
def test_what_is_read(text: str, read_as: Pasted | None):
    """Ids in either case with a span or without, and links of Jaeger, Zipkin and our own pages."""
    assert read(text) == read_as


_PIECES = st.sampled_from(
    ["http://", "[", "]", "/trace/", "/traces/", TRACE, SPAN, "?uiFind=", "#", "&", "%", " ", "\uff1a"]
)


@given(st.text() | st.lists(_PIECES | st.text(max_size=3)).map("".join))
def test_any_text_is_read_or_refused(text: str):
    """Whatever is pasted: ids in this program's spelling, or nothing; never an error."""
    found = read(text)
    if found is not None:
        assert len(found.trace_id) == 32
        assert len(found.span_id) in (0, 16)
        assert set(found.trace_id + found.span_id) <= set("0123456789abcdef")
