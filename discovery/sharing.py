"""Keeps texts that come again and again once: of a span's names, tags and ids most are those of thousands of others."""

from __future__ import annotations

from functools import lru_cache

_KEPT = 16_384  # texts that are remembered, the latest used; more would hold on to what was read long ago


@lru_cache(_KEPT)
def shared(text: str) -> str:
    """Return the one text of all that are equal."""
    return text
