"""Which traces are worth keeping? `keep` is asked for each trace, when all of its spans are there: tail sampling.

A trace has `trace_id` (hexadecimal digits), `duration` (microseconds), `errors` (how many spans are red), `services`
(their names) and `spans`; each span has `service`, `name`, `duration`, `error`, `attributes`.
"""

from discovery.trace import Trace


def keep(trace: Trace) -> bool:
    """Keep one in ten, whatever happened: what head sampling does, before anything has happened."""
    return int(trace.trace_id[-4:], 16) < 0.10 * 0x10000
