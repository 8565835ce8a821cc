"""Connections that reach only the addresses they may, and that end in time: what lies below HTTP."""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from assets.documents.model import UnreadableDocument

# Where clouds hand out credentials, outside the ranges that tell by themselves.
_METADATA = {ipaddress.ip_address("168.63.129.16"), ipaddress.ip_address("fd00:ec2::254")}
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


def may_connect(address: str, *, allow_private: bool) -> bool:
    """Whether a connection to an IP address is allowed: public ones are, loopback and private ones on request,
    link-local, multicast and cloud metadata addresses never. An IPv4 address inside an IPv6 one counts as itself.
    """
    number = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(number, ipaddress.IPv6Address):
        inner = number.ipv4_mapped or number.sixtofour or (number.teredo[1] if number.teredo else None)
        if inner is None and number in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
        if inner is not None:
            return may_connect(str(inner), allow_private=allow_private)
    if number.is_link_local or number.is_multicast or number.is_unspecified or number in _METADATA:
        return False
    return number.is_global or (allow_private and number.is_private)


class Deadline:
    """The moment by which the exchange under way has to end."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def restart(self) -> None:
        """Begins the time of a new exchange."""
        self._end = time.monotonic() + self._seconds

    def remaining(self) -> float:
        """Seconds left. Raises UnreadableDocument when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise UnreadableDocument(
                "too_slow", f"It took more than {self._seconds:g} seconds; try later, or raise the limit."
            )
        return left


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to an address that was checked, not to the name again, which could have another address by then."""

    def __init__(self, deadline: Deadline, *, allow_private: bool) -> None:
        self._plain = httpcore.SyncBackend()
        self._deadline = deadline
        self._allow_private = allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first allowed address of the host that answers. Raises UnreadableDocument, httpcore's
        errors.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from None
        allowed = list(
            dict.fromkeys(
                str(entry[4][0]) for entry in found if may_connect(str(entry[4][0]), allow_private=self._allow_private)
            )
        )
        if not allowed:
            raise UnreadableDocument(
                "forbidden_address", f"{host} is on a private network; allow private addresses if that is meant."
            )
        problem: Exception = httpcore.ConnectError(host)
        for address in allowed:
            try:
                stream = self._plain.connect_tcp(
                    address, port, self._deadline.remaining(), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
            else:
                return _TimedStream(stream, self._deadline)
        raise problem


class _TimedStream(httpcore.NetworkStream):
    """A connection whose every wait ends with the exchange, so that a slow trickle does not go on for ever."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.remaining())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.remaining())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.remaining())
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
