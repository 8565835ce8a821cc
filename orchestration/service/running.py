"""Binds an address and serves on it until it is told to stop."""

import ipaddress
import socket

import uvicorn
from starlette.types import ASGIApp

from assets.index.generation import NothingServed
from assets.index.searching import search
from assets.platform import Platform


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on; port 0 takes a free one. Raises OSError."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    bound = socket.create_server(address[:2], family=family, backlog=128)
    bound.setblocking(False)
    return bound


def url_of(bound: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def warm(platform: Platform) -> None:
    """Opens what the first question would wait for. Raises what a search does, but for an index that is still empty."""
    _ = platform.generator
    try:
        search(platform, "the first search loads model and index", k=1)
    except NothingServed:
        # It is served as soon as a refresh has ended; until then the page says so.
        return


def run(application: ASGIApp, bound: socket.socket) -> None:
    """Serves until SIGINT or SIGTERM; requests that are being answered then have ten seconds. No request is logged: its address
    can hold what somebody asked for."""
    configuration = uvicorn.Config(
        application,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=100,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=10,
    )
    uvicorn.Server(configuration).run(sockets=[bound])
