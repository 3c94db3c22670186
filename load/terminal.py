"""Text for a person; it never fails for want of a character."""

from __future__ import annotations

import sys
from typing import TextIO


def say(text: str, stream: TextIO | None = None) -> None:
    """Write a line to standard output, or another stream."""
    stream = stream or sys.stdout
    stream.write(spelt(text, stream) + "\n")
    stream.flush()


def spelt(text: str, stream: TextIO) -> str:
    """Put a question mark for each character that the stream's encoding cannot spell."""
    charset = stream.encoding or "ascii"
    return text.encode(charset, "replace").decode(charset)
