"""The tracelab command: whatever starts, drives and explains the shop."""

import time

STARTED = time.monotonic()  # of this process, as nearly as Python can tell
