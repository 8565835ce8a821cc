"""A proxy in front of one server that does what networks and servers do on a bad day, and stops doing so when told."""

import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from deploy.services.ports import LOOPBACK, free_ports

_CHUNK = 65_536
_HEADER_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered in the server's place, as S3 says it."""

    status: int
    code: str

    def __bytes__(self) -> bytes:
        body = f"<?xml version='1.0'?><Error><Code>{self.code}</Code><Message>As the test has it.</Message></Error>"
        return (
            f"HTTP/1.1 {self.status} {self.code}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n"
            f"Connection: close\r\n\r\n{body}"
        ).encode()


@dataclass(frozen=True, slots=True)
class Cut:
    """Of a request's body, `after` bytes reach the server; then the connection breaks on both sides."""

    after: int


@dataclass(slots=True)
class _Disturbance:
    matching: re.Pattern[str]
    fault: Answer | Cut
    left: int
    met: int = 0


class FaultProxy:
    """Passes connections on `port` to `target` byte by byte until a fault is asked for; `mended` takes every fault back."""

    def __init__(self, target: int) -> None:
        self.port = free_ports(1)
        self._target = target
        self._listener: socket.socket | None = None
        self._connections: set[_Connection] = set()
        self._guard = threading.Lock()
        self.reply_seconds = 0.0
        self.reply_bytes: int | None = None
        self.is_silent = threading.Event()
        self._disturbances: list[_Disturbance] = []
        self._upload: tuple[int, Callable[[], None]] | None = None
        self._open()

    def refuse(self) -> None:
        """Breaks every connection and takes no new one."""
        with self._guard:
            listener, self._listener = self._listener, None
        if listener is not None:
            # Wakes the thread that waits for the next connection.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.break_connections()

    def break_connections(self) -> None:
        """Breaks every connection that is open now, without a farewell."""
        with self._guard:
            connections = list(self._connections)
        for each in connections:
            each.cut()

    def delay(self, seconds: float) -> None:
        """Lets everything that the server says wait for `seconds`."""
        self.reply_seconds = seconds

    def silence(self) -> None:
        """Takes connections and requests, and never passes on a reply."""
        self.is_silent.set()

    def cut_replies(self, after: int) -> None:
        """Breaks a connection once `after` bytes of the reply to its last request were passed on."""
        self.reply_bytes = after

    @contextmanager
    def disturbed(self, matching: str, fault: Answer | Cut, times: int = 1_000_000) -> Iterator["_Disturbance"]:
        """Meets HTTP requests whose first line matches with a fault, so many `times`; its `met` counts them."""
        disturbance = _Disturbance(re.compile(matching), fault, times)
        self._disturbances.append(disturbance)
        try:
            yield disturbance
        finally:
            self._disturbances.remove(disturbance)

    def after_upload(self, bytes_: int, action: Callable[[], None]) -> None:
        """Does something once, when a connection has carried so many bytes to the server; it carries no more meanwhile."""
        self._upload = bytes_, action

    def mend(self) -> None:
        """Every fault is gone."""
        self.reply_seconds, self.reply_bytes, self._upload = 0.0, None, None
        self._disturbances.clear()
        if self.is_silent.is_set():
            self.is_silent.clear()
            self.break_connections()
        if self._listener is None:
            self._open()

    def fault_of(self, request_line: str) -> Answer | Cut | None:
        """The fault that a request is to meet now."""
        with self._guard:
            for each in self._disturbances:
                if each.left and each.matching.search(request_line):
                    each.left -= 1
                    each.met += 1
                    return each.fault
        return None

    def carried(self, bytes_: int) -> None:
        """A connection says how much it has carried to the server."""
        with self._guard:
            if self._upload is None or bytes_ < self._upload[0]:
                return
            (_, action), self._upload = self._upload, None
        action()

    def forget(self, connection: "_Connection") -> None:
        with self._guard:
            self._connections.discard(connection)

    def _open(self) -> None:
        listener = socket.create_server((LOOPBACK, self.port))
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection((LOOPBACK, self._target))
            except OSError:
                # As the server itself would have refused it.
                _reset(client)
                continue
            connection = _Connection(self, client, server)
            with self._guard:
                is_open = self._listener is listener
                self._connections.add(connection)
            if is_open:
                connection.start()
            else:
                connection.cut()


class _Connection:
    def __init__(self, proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._replied = 0
        self._ends = 0
        self._guard = threading.Lock()
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        for pump, onward in ((self._requests, self._server), (self._replies, self._client)):
            threading.Thread(target=self._until_ended, args=(pump, onward), daemon=True).start()

    def cut(self, *, reset: bool = True) -> None:
        """Ends it on both sides, with `reset` what is under way included."""
        for each in (self._client, self._server):
            _reset(each) if reset else each.close()
        self._proxy.forget(self)

    def _until_ended(self, pump: Callable[[], bool], onward: socket.socket) -> None:
        try:
            is_farewell = pump()
            if is_farewell:
                # The other side may still have something to say.
                onward.shutdown(socket.SHUT_WR)
        except OSError:
            is_farewell = False
        with self._guard:
            self._ends += 1
            is_over = self._ends == 2
        if is_over or not is_farewell:
            self.cut(reset=not is_farewell)

    def _requests(self) -> bool:
        """Whether the client has ended it as it should."""
        carried, body_left, header = 0, 0, b""
        while data := self._client.recv(_CHUNK):
            self._replied = 0
            carried += len(data)
            self._proxy.carried(carried)
            if body_left >= len(data):
                body_left -= len(data)
                self._server.sendall(data)
                continue
            header += data[body_left:]
            self._server.sendall(data[:body_left])
            body_left = 0
            if _HEADER_END not in header and _is_http(header):
                continue
            begun, header = header, b""
            fault = self._proxy.fault_of(begun.split(b"\r\n", 1)[0].decode(errors="replace"))
            if fault is not None:
                self._meet(fault, begun)
                return False
            body_left = _body_left(begun)
            self._server.sendall(begun)
        return True

    def _meet(self, fault: Answer | Cut, begun: bytes) -> None:
        """Ends the connection in the way that a fault does."""
        header, _, body = begun.partition(_HEADER_END)
        left = _body_left(begun)
        if isinstance(fault, Answer):
            if b"100-continue" not in header.lower():
                while left > 0 and (data := self._client.recv(_CHUNK)):
                    left -= len(data)
            self._client.sendall(bytes(fault))
            self._client.shutdown(socket.SHUT_WR)
            while self._client.recv(_CHUNK):
                pass
            return
        passed = len(body)
        self._server.sendall(begun)
        while passed < fault.after and (data := self._client.recv(_CHUNK)):
            self._server.sendall(data)
            passed += len(data)

    def _replies(self) -> bool:
        """Whether the server has ended it as it should."""
        while data := self._server.recv(_CHUNK):
            if self._proxy.reply_seconds:
                time.sleep(self._proxy.reply_seconds)
            if self._proxy.is_silent.is_set():
                continue
            allowed = self._proxy.reply_bytes
            if allowed is not None and self._replied + len(data) > allowed:
                self._client.sendall(data[: max(0, allowed - self._replied)])
                return False
            self._replied += len(data)
            self._client.sendall(data)
        return True


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # Wakes the thread that reads from it; `close` alone would not.
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)
    connection.close()


def _is_http(header: bytes) -> bool:
    return re.match(rb"(GET|PUT|POST|HEAD|DELETE|PATCH) ", header) is not None and b"HTTP/2" not in header


def _body_left(begun: bytes) -> int:
    """How many bytes of a request's body are still to come after what has begun it."""
    header, _, body = begun.partition(_HEADER_END)
    length = re.search(rb"(?im)^content-length: *(\d+)", header)
    return int(length.group(1)) - len(body) if length else 0
