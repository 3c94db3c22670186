"""Free and taken ports."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from lab import ports


def test_a_listening_port_is_not_free() -> None:
    """A listener on loopback or on every address takes the port; after it closes the port is free at once."""
    for address in ("127.0.0.1", ""):
        with socket.create_server((address, 0)) as listener:
            port = listener.getsockname()[1]
            assert not ports.is_free(port)
        assert ports.is_free(port)


def test_the_proposed_offset_works() -> None:
    """An offset that a listener spoils is passed over, for the first one at which every port is free."""
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as freed:
        spoilt, free = taken.getsockname()[1], freed.getsockname()[1]
        freed.close()
        assert ports.free_offset([0], [spoilt, free]) == free


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells who holds a port")
def test_the_holder_is_named() -> None:
    """The sentence has the port, the program and its pid."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ports.Busy, match=rf"{port} is taken by .* \(pid {os.getpid()}\)"):
            ports.check([port], 0)


def test_impossible_ports_are_wrong_use() -> None:
    """A port beyond the last one is told as such."""
    with pytest.raises(ports.Busy, match="does not exist"):
        ports.check([70000], 60000)
