"""Memory of the built-in backend's process before any span came, alone and next to the shop.

    python -P -m tests.bench.idle [--runs 3]

Printed is its share (PSS), in MB: next to the shop it shares pages with the shop's processes. Not a timed test.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from lab import ports
from lab.options import Options
from lab.plan import PORTS
from lab.shop import Shop
from tests.bench import process_cost, servers
from tests.bench.traffic import spread

_AIM = 40  # MB
_SETTLED = 2.0  # seconds


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    print(f"alone             {spread([_alone() for _ in range(args.runs)], 1)} MB PSS")
    print(f"next to the shop  {spread([_next_to_shop() for _ in range(args.runs)], 1)} MB PSS; aim: <= {_AIM}")


def _alone() -> float:
    with tempfile.TemporaryDirectory() as folder, servers.builtin(Path(folder)) as server:
        time.sleep(_SETTLED)
        return process_cost.pss_mb(server.pid)


def _next_to_shop() -> float:
    offset = ports.free_offset(PORTS.values(), range(21_000, 30_000, 10))
    with tempfile.TemporaryDirectory() as folder, Shop(Options(Path(folder), "builtin", port_offset=offset)) as shop:
        time.sleep(_SETTLED)
        return process_cost.pss_mb(shop.pids["backend"])


if __name__ == "__main__":
    main()
