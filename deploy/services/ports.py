"""Ports on the loopback address that nobody uses."""

import random
import socket

LOOPBACK = "127.0.0.1"

# Below the range from which systems take the ports of outgoing connections: what is free stays free while a server is down.
_FIRST, _LAST = 15000, 32000
_TRIES = 1000


def is_taken(port: int) -> bool:
    """Whether a program listens on a port, or holds it in another way."""
    with socket.socket() as probe:
        # What a server that has just ended left behind in the system is no holder.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def is_open(port: int) -> bool:
    """Whether a connection to a port is accepted."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def free_ports(count: int) -> int:
    """The first of `count` neighbouring ports that are free. Where they start is drawn, so that two who choose at once
    rarely choose alike."""
    for _ in range(_TRIES):
        first = random.randrange(_FIRST, _LAST)
        if not any(is_taken(first + step) for step in range(count)):
            return first
    raise OSError(f"no {count} neighbouring ports are free on {LOOPBACK}")
