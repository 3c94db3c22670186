"""Trace and span ids as backends spell them: hexadecimal, in either case, 64-bit ids padded to 128 bits or not."""

from __future__ import annotations

from string import hexdigits

_DIGITS = frozenset(hexdigits)


def normalised(trace_id: str) -> str:
    """Spell a trace id as 32 lower-case digits, so that two spellings of one are equal; others stay as they are."""
    plain = trace_id.strip()
    return plain.lower().rjust(32, "0") if _is_hexadecimal(plain, 32) else plain


def short(trace_id: str) -> str:
    """Spell an id as Zipkin does: 16 digits where the upper 64 bits are zero."""
    plain = normalised(trace_id)
    return plain[16:] if len(plain) == 32 and plain.startswith("0" * 16) else plain


def padded(span_id: str) -> str:
    """Spell a span's id as 16 lower-case digits."""
    return span_id.lower().rjust(16, "0")


def is_trace_id(text: str) -> bool:
    """Tell whether senders may use this as a trace id: hexadecimal, 32 digits at most, not zero."""
    return _is_hexadecimal(text, 32) and bool(text.strip("0"))


def is_span_id(text: str) -> bool:
    """Tell whether senders may use this as a span id: hexadecimal, 16 digits at most, not zero."""
    return _is_hexadecimal(text, 16) and bool(text.strip("0"))


def _is_hexadecimal(text: str, most: int) -> bool:
    return 0 < len(text) <= most and _DIGITS.issuperset(text)
