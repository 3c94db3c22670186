"""One colour a service, the same in every trace, page and terminal.

The colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which survive the common kinds of colour
blindness, without their black and their vermilion, which is the errors'. Two services may share one: a page always
writes the name as well.
"""

from __future__ import annotations

import zlib

COLOURS = 6  # orange, sky blue, bluish green, yellow, blue, reddish purple


def number(service: str) -> int:
    """Return which of the COLOURS a service has, from 0; its name alone decides."""
    return zlib.crc32(service.encode()) % COLOURS
