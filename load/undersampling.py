"""The fault that the load itself does: errors of which few traces tell, since the client's sampling is low.

The affected requests carry a plain error; that few are sampled goes for all requests of the phase, as a sampler that
decides at the root does not know how a request will end.
"""

from __future__ import annotations

import re

_SPELLING = re.compile(r"([a-z]+)\.sampling-hides-error:([0-9.]+)%")


def carried(fault: str) -> str:
    """What requests carry of a fault in full spelling."""
    return _SPELLING.sub(r"\1.error:503", fault)


def sampled(fault: str) -> float:
    """Percent of the phase's requests that are sampled: all, unless the fault says less."""
    return min((float(percent) for _, percent in _SPELLING.findall(fault)), default=100.0)
