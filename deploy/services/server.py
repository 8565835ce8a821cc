"""One server as a process of its own session: it outlives the command that started it, and is stopped by what was recorded."""

import contextlib
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.services.ports import is_taken
from deploy.services.problems import ServiceProblem
from deploy.services.records import Record

_GRACE_SECONDS = 60.0
_HEALTHY_SECONDS = 120.0
_PORT_SECONDS = 5.0
_CLOCK_SECONDS = 2.0
_LOG_LINES = 5


@dataclass(frozen=True, slots=True)
class Launch:
    """How a process is started; `environment` is added to this process's own, `user` is a user id other than ours, and
    `handles` are open files that it is handed."""

    arguments: list[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: int | None = None
    handles: tuple[int, ...] = ()


def silent(_: str) -> None:
    """Says nothing of what goes on."""


class Server(ABC):
    """A server with its data in a folder. What is remembered of it lies there, so that every process finds it again."""

    stop_signal = signal.SIGTERM

    def __init__(self, name: str, folder: Path, say: Callable[[str], None] = silent) -> None:
        self.name = name
        self.folder = folder.absolute()
        self.log = self.folder / "log.txt"
        self._record_path = self.folder / "state.json"
        self._say = say

    @abstractmethod
    def choose_ports(self) -> dict[str, int]:
        """Ports that are free now, by what they are for; remembered from then on."""

    @abstractmethod
    def launch(self) -> Launch:
        """How to start it; whatever has to be there before is made. Raises ServiceProblem."""

    @abstractmethod
    def is_healthy(self) -> bool:
        """Whether it does its work at this moment."""

    @abstractmethod
    def set_up(self) -> None:
        """Makes what clients expect to find in a healthy server; does nothing where it is there."""

    @property
    def ports(self) -> dict[str, int]:
        """The server's ports by what they are for; the same ones for ever."""
        return self._record().ports

    @property
    def pid(self) -> int | None:
        """The process while it runs."""
        process = self._process()
        return None if process is None else process.pid

    def is_running(self) -> bool:
        """Whether its process is there, healthy or not."""
        return self._process() is not None

    def start(self, *, wait: bool = True) -> None:
        """Starts it where it doesn't run, on its ports and data; returns when it is healthy. Raises ServiceProblem."""
        if not self.is_running():
            self._start()
        if wait:
            self.wait_until_healthy()
            self.set_up()

    def stop(self) -> None:
        """Ends it in good order; nothing happens where it doesn't run."""
        process = self._process()
        if process is not None:
            whole = self._family(process)
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(self.stop_signal)
            _end(_still_alive_after(whole, _GRACE_SECONDS))
            self._forget_process()

    def kill(self) -> None:
        """Ends it as a loss of power would, with all its children."""
        process = self._process()
        if process is not None:
            _end(self._family(process))
            self._forget_process()

    def wait_until_healthy(self, seconds: float = _HEALTHY_SECONDS) -> None:
        """Returns when it is healthy. Raises ServiceProblem when it ended, or is not by then."""
        deadline = time.monotonic() + seconds
        while not self.is_healthy():
            if not self.is_running():
                raise ServiceProblem(f"{self.name} ended at its start: {self._last_words()}")
            if time.monotonic() > deadline:
                raise ServiceProblem(f"{self.name} is not ready after {seconds:.0f} seconds: {self._last_words()}")
            time.sleep(0.1)

    def _start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        ports = self.ports
        for purpose, port in ports.items():
            if not _comes_free(port):
                raise ServiceProblem(
                    f"port {port} of {self.name} ({purpose}) is taken by another program: stop that one, or move"
                    f" {self.folder} away to begin anew"
                )
        launch = self.launch()
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                launch.arguments,
                cwd=launch.folder,
                env={**os.environ, **launch.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=launch.handles,
                user=launch.user,
                group=launch.user,
                extra_groups=None if launch.user is None else [],
            )
        for handle in launch.handles:
            os.close(handle)
        started = psutil.Process(process.pid).create_time()
        # The process is watched by what was recorded, and meant to outlive this one.
        process.returncode = 0
        Record(ports, process.pid, started).write(self._record_path)

    def _record(self) -> Record:
        record = Record.read(self._record_path)
        if record is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            record = Record(self.choose_ports())
            record.write(self._record_path)
        return record

    def _process(self) -> psutil.Process | None:
        """The recorded process, unless it ended; a later one that was given the same number is another."""
        record = Record.read(self._record_path)
        if record is None or record.pid is None or record.started is None:
            return None
        try:
            process = psutil.Process(record.pid)
            is_same = abs(process.create_time() - record.started) < _CLOCK_SECONDS
        except psutil.NoSuchProcess:
            return None
        return process if is_same and not _has_ended(process) else None

    def _family(self, process: psutil.Process) -> list[psutil.Process]:
        try:
            return [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _forget_process(self) -> None:
        Record(self.ports).write(self._record_path)

    def _last_words(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").strip().splitlines()[-_LOG_LINES:]
        except FileNotFoundError:
            lines = []
        return " / ".join(lines)[-600:] + f" (all of it is in {self.log})"


def _comes_free(port: int) -> bool:
    """Whether a port is free, or is so in a moment: a process that was killed holds it until its last thread is gone."""
    deadline = time.monotonic() + _PORT_SECONDS
    while is_taken(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _end(processes: list[psutil.Process]) -> None:
    for each in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    _still_alive_after(processes, _GRACE_SECONDS)


def _still_alive_after(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    deadline = time.monotonic() + seconds
    while alive := [each for each in processes if not _has_ended(each)]:
        if time.monotonic() > deadline:
            return alive
        time.sleep(0.02)
    return []


def _has_ended(process: psutil.Process) -> bool:
    """Whether a process does nothing any more, even though the one that started it has not asked for its end yet."""
    try:
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            return False
        if process.ppid() == os.getpid():
            process.wait(timeout=0)
    except (psutil.NoSuchProcess, psutil.TimeoutExpired):
        return True
    return True
