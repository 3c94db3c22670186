"""Exit 0 where the service on the port given is ready.

Asked every second until it once is, so that a start takes no longer than it must; then it rests before it asks, since
a process a second in every container is a third of a processor, and the shop is here to be measured.
"""

import socket
import sys
import time
from pathlib import Path

seen_ready = Path("/tmp/ready")  # noqa: S108 - the container's own, and new whenever the container starts
if seen_ready.exists():
    time.sleep(20)
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=2) as connection:
    connection.sendall(b"GET /readyz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
    ready = connection.recv(64).split(b" ")[1] == b"200"
if ready:
    seen_ready.touch()
sys.exit(not ready)
