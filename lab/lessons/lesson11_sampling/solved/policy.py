"""Which traces are worth keeping? `keep` is asked for each trace, when all of its spans are there: tail sampling.

A trace has `trace_id` (hexadecimal digits), `duration` (microseconds), `errors` (how many spans are red), `services`
(their names) and `spans`; each span has `service`, `name`, `duration`, `error`, `attributes`.
"""

from discovery.trace import Trace

SLOW = 400_000  # microseconds: read off the search page, where the ordinary ones end


def keep(trace: Trace) -> bool:
    """Keep every error, everything slow, and one in twenty of the rest, to know what is usual."""
    if trace.errors or trace.duration > SLOW:
        return True
    return int(trace.trace_id[-4:], 16) < 0.05 * 0x10000
